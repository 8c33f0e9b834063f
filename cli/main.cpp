// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/application.h>

#include <string>
#include <vector>

int main(int argc, char** argv) {
    return aiomisc::cli::run_application(std::vector<std::string>(argv + 1, argv + argc));
}
