// SPDX-License-Identifier: MIT
#include "support/helper.h"

#include <filesystem>
#include <iostream>
#include <map>
#include <string_view>

namespace aiomisc::test {

namespace {

constexpr std::string_view kHelperFlag = "--run-helper";

/// Filled while the executable's static objects are made, so it must exist before any of them.
std::map<std::string, HelperBody, std::less<>>& helpers() {
    static std::map<std::string, HelperBody, std::less<>> instance;
    return instance;
}

}  // namespace

HelperRegistration::HelperRegistration(const char* name, HelperBody body) {
    helpers().emplace(name, body);
}

std::optional<int> run_helper(int argc, char** argv) {
    if (argc < 3 || argv[1] != kHelperFlag) {
        return std::nullopt;
    }
    const auto helper = helpers().find(std::string_view(argv[2]));
    if (helper == helpers().end()) {
        std::cerr << "no helper is called " << argv[2] << '\n';
        return 2;
    }
    const std::vector<std::string> arguments(argv + 3, argv + argc);
    return helper->second(arguments);
}

std::vector<std::string> helper_command(
    const std::string& name, const std::vector<std::string>& arguments) {
    std::vector<std::string> command{
        std::filesystem::read_symlink("/proc/self/exe"), std::string(kHelperFlag), name};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

}  // namespace aiomisc::test
