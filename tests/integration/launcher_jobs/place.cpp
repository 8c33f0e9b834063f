// SPDX-License-Identifier: MIT
// Tells where, and with what around it, a job function runs.
#include <aiomisc/job.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace {

int tell(const std::string& what) {
    if (what == "folder") {
        std::puts(std::filesystem::current_path().filename().c_str());
    } else if (what == "niceness") {
        std::printf("%d\n", ::getpriority(PRIO_PROCESS, 0));
    } else {
        const char* const value = std::getenv(what.c_str());  // NOLINT(concurrency-mt-unsafe)
        std::puts(value == nullptr ? "unset" : value);
    }
    return 0;
}

}  // namespace

AIOMISC_JOB(tell, about("Tells about the process of a job."), param("what", "what to tell"))
