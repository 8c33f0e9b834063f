// SPDX-License-Identifier: MIT
#include <aiomisc/job.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace {

/// Tells the test, which looks for the file, that the job is there.
void mark(const std::string& name) {
    std::ofstream file(name);
}

/// Adds a line to a file of this process, in no time.
int note(const std::string& text) {
    static const std::string name = "notes-" + std::to_string(::getpid());
    static const int file = ::open(name.c_str(), O_CREAT | O_APPEND | O_CLOEXEC | O_WRONLY, 0600);
    const std::string line = text + "\n";
    const ssize_t written = ::write(file, line.data(), line.size());
    return written == static_cast<ssize_t>(line.size()) ? 0 : 1;
}

int hang() {
    for (;;) {
        ::pause();
    }
}

/// Leaves a process behind that no process group or session leads to.
int leave_child() {
    if (::fork() == 0) {
        ::setsid();
        mark("child-runs");
        hang();
    }
    return 0;
}

int crash() {
    ::raise(SIGSEGV);
    return 0;
}

int print_much() {
    const std::string line(1023, 'x');
    for (int kib = 0; kib < 3 * 1024; ++kib) {
        std::puts(line.c_str());
    }
    return 0;
}

int wait_for_stop(const aiomisc::JobContext& context) {
    mark("waits");
    while (!context.stop_requested()) {
        ::usleep(1000);
    }
    mark("stopped-when-asked");
    return 0;
}

/// Says what it was asked to, and dies of being killed if not.
int tell_of_stop(const aiomisc::JobContext& context) {
    std::printf("before\n");
    wait_for_stop(context);
    std::printf("to stdout after\n");
    std::fprintf(stderr, "to stderr after\n");
    return 0;
}

/// Prints when it is told to stop, and goes on.
int deaf(const aiomisc::JobContext& context) {
    tell_of_stop(context);
    std::fflush(stdout);
    return hang();
}

/// Keeps memory that no job after it needs.
int leak() {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    static char* memory = nullptr;
    memory = new char[kBytes];
    std::fill_n(memory, kBytes, 'x');
    return memory[kBytes - 1] == 'x' ? 0 : 1;
}

/// Fails if another job is in this slot.
int hold_slot() {
    const char* slot = std::getenv("AIOMISC_SLOT");  // NOLINT(concurrency-mt-unsafe): one thread
    const std::string name = std::string("slot-") + (slot == nullptr ? "none" : slot);
    const int file = ::open(name.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | O_WRONLY, 0600);
    if (file < 0 || (name != "slot-1" && name != "slot-2")) {
        return 4;
    }
    ::close(file);
    return ::unlink(name.c_str()) == 0 ? 0 : 5;
}

int wait_for_go() {
    mark("waits");
    while (!std::ifstream("go")) {
        ::usleep(1000);
    }
    return 0;
}

int hang_with_child() {
    leave_child();
    mark("waits");
    return hang();
}

int act(aiomisc::JobContext& context, const std::string& action) {
    if (!action.starts_with("quiet")) {
        std::printf("%s begins\n", action.c_str());
    }
    if (action.starts_with("quiet-note-")) {
        return note(action.substr(std::string("quiet-note-").size()));
    }
    if (action == "throw") {
        throw std::runtime_error("a bad photograph");
    }
    if (action == "polite") {
        return wait_for_stop(context);
    }
    if (action == "tell-of-stop") {
        return tell_of_stop(context);
    }
    if (action == "deaf") {
        return deaf(context);
    }
    if (action == "second-time") {
        return context.attempt() == 2 ? 0 : 1;
    }
    if (action == "both-streams") {
        std::cerr << "to stderr\n";
        std::cout << "to stdout\n";
        return 0;
    }
    const std::map<std::string, int (*)()> actions{
        {"ret3", [] { return 3; }},
        {"segv", &crash},
        {"abort", []() -> int { std::abort(); }},
        {"exit3", []() -> int { std::exit(3); }},  // NOLINT(concurrency-mt-unsafe): one thread
        {"hang", &hang_with_child},
        {"leak", &leak},
        {"quiet-segv", &crash},
        {"quiet-slot", &hold_slot},
        {"quiet-until-go", &wait_for_go},
        {"leave-child", &leave_child},
        {"much", &print_much},
    };
    const auto found = actions.find(action);
    return found == actions.end() ? 0 : found->second();
}

}  // namespace

AIOMISC_JOB(act, about("Does what a test wants."), param("action", "what to do"))
