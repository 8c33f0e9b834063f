// SPDX-License-Identifier: MIT
// Tells where, and with what around it, a job function runs.
#include <aiomisc/job.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void mark(const char* name) {
    std::fclose(std::fopen(name, "w"));
}

[[noreturn]] void wait_for_ever() {
    for (;;) {
        ::pause();
    }
}

/// A child that left our session, and a grandchild whose parent is gone, all deaf to SIGTERM.
[[noreturn]] void grow_tree() {
    ::signal(SIGTERM, SIG_IGN);
    if (::fork() == 0) {
        ::setsid();
        wait_for_ever();
    }
    const pid_t parent = ::fork();
    if (parent == 0) {
        if (::fork() == 0) {
            ::setsid();
            wait_for_ever();
        }
        ::_exit(0);
    }
    ::waitpid(parent, nullptr, 0);
    mark("started");
    wait_for_ever();
}

[[noreturn]] void take_memory() {
    const std::vector<char> memory(std::size_t{512} << 20, 'x');
    asm volatile("" : : "g"(memory.data()) : "memory");  // or the optimizer leaves it out
    mark("started");
    wait_for_ever();
}

int tell(const std::string& what) {
    if (what == "folder") {
        std::puts(std::filesystem::current_path().filename().c_str());
    } else if (what == "niceness") {
        std::printf("%d\n", ::getpriority(PRIO_PROCESS, 0));
    } else if (what == "address-space") {
        rlimit limit{};
        ::getrlimit(RLIMIT_AS, &limit);
        std::printf("%ju\n", static_cast<std::uintmax_t>(limit.rlim_cur));
    } else if (what == "tree") {
        grow_tree();
    } else if (what == "memory") {
        take_memory();
    } else {
        const char* const value = std::getenv(what.c_str());  // NOLINT(concurrency-mt-unsafe)
        std::puts(value == nullptr ? "unset" : value);
    }
    return 0;
}

}  // namespace

AIOMISC_JOB(tell, about("Tells about the process of a job."), param("what", "what to tell"))
