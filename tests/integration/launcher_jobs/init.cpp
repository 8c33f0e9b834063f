// SPDX-License-Identifier: MIT
// A module that takes for ever to be ready, or never is.
#include <aiomisc/job.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

void prepare() {
    const char* const what = std::getenv("AIOMISC_TEST_INIT");  // NOLINT(concurrency-mt-unsafe)
    if (what != nullptr && std::string(what) == "throw") {
        throw std::runtime_error("no such model");
    }
    std::fclose(std::fopen("init-runs", "w"));
    for (;;) {
        ::pause();
    }
}

int run(const std::string& item) {
    return item.empty() ? 1 : 0;
}

}  // namespace

AIOMISC_JOB(run, about("Is never run."), init(prepare), param("item", "anything"))
