// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/descendants.h>

#include "support/catch.h"
#include "support/wait_until.h"

#include <aiomisc/worker/process/child_table.h>
#include <aiomisc/worker/process/launch_report.h>
#include <aiomisc/worker/process/limits.h>

#include <algorithm>
#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;

namespace {

[[noreturn]] void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

pid_t start_sleeper() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        sleep_for_ever();
    }
    return pid;
}

int reap(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
}

}  // namespace

TEST_CASE("the children of a process are found") {
    CHECK(own_children() == std::vector<pid_t>());
    CHECK_FALSE(has_children());
    std::vector<pid_t> started{start_sleeper(), start_sleeper()};
    std::sort(started.begin(), started.end());
    auto found = children_of(::getpid());
    REQUIRE(found);
    std::sort(found->begin(), found->end());
    CHECK(*found == started);
    CHECK(own_children()->size() == 2);
    CHECK(has_children());
    CHECK_FALSE(children_of(1 << 30));
    for (const pid_t pid : started) {
        ::kill(pid, SIGKILL);
        reap(pid);
    }
}

TEST_CASE("only the children that are not known are killed") {
    const pid_t known = start_sleeper();
    const pid_t unknown = start_sleeper();
    CHECK(kill_unknown_children([&](pid_t pid) { return pid == known; }) == 1);
    CHECK(WTERMSIG(reap(unknown)) == SIGKILL);
    CHECK(kill_unknown_children([&](pid_t pid) { return pid == known; }) == 0);
    // Not SIGTERM: the test framework's handler for it is not safe in a forked child.
    ::kill(known, SIGUSR1);
    CHECK(WTERMSIG(reap(known)) == SIGUSR1);
}

TEST_CASE("a signal to a tree reaches all of it") {
    // Each of the chain waits for the one below, and says by its status whether the signal got
    // there.
    const pid_t top = ::fork();
    if (top == 0) {
        const pid_t middle = ::fork();
        if (middle == 0) {
            ::setsid();
            const pid_t bottom = ::fork();
            if (bottom == 0) {
                ::setsid();
                sleep_for_ever();
            }
            ::signal(SIGTERM, SIG_IGN);
            ::_exit(WTERMSIG(reap(bottom)) == SIGTERM ? 0 : 1);
        }
        ::signal(SIGTERM, SIG_IGN);
        ::_exit(reap(middle) == 0 ? 0 : 1);
    }
    REQUIRE(test::wait_until(
        [&] {
            // Again and again: each of them may just be about to fork, or to ignore the signal.
            const auto middle = children_of(top).value_or(std::vector<pid_t>());
            const auto bottom = middle.empty() ? middle : *children_of(middle.front());
            return !bottom.empty();
        },
        std::chrono::seconds(10)));
    signal_tree(top, SIGCONT);  // harmless; must not disturb anything
    const auto middle = children_of(top);
    REQUIRE(middle->size() == 1);
    const auto bottom = children_of(middle->front());
    REQUIRE(bottom->size() == 1);
    signal_tree(top, SIGKILL);
    CHECK(WTERMSIG(reap(top)) == SIGKILL);
    for (const pid_t pid : {middle->front(), bottom->front()}) {
        CHECK(test::wait_until(
            [&] { return ::kill(pid, 0) != 0 || !children_of(pid) || children_of(pid)->empty(); },
            std::chrono::seconds(10)));
    }
}

TEST_CASE("the child table finds children by key and by process id") {
    ChildTable table;
    table.add({.kind = ChildKind::kWorker, .key = {1, 1}, .pid = 100});
    table.add({.kind = ChildKind::kHelper, .pid = 101});
    table.add({.kind = ChildKind::kCommand, .key = {1, 2}, .pid = 102, .leads_group = true});
    REQUIRE(table.find({1, 1}));
    CHECK(table.find({1, 1})->pid == 100);
    CHECK(table.find({1, 3}) == nullptr);
    CHECK(table.find({0, 0}) == nullptr);  // the helper has no key
    REQUIRE(table.find_pid(101));
    CHECK(table.requested() == 2);
    CHECK(table.pids().size() == 3);
    CHECK(table.remove(102).leads_group);
    CHECK(table.find({1, 2}) == nullptr);
    table.remove(101);
    CHECK(table.requested() == 1);
}

TEST_CASE("a launch report crosses from the child to the parent") {
    LaunchReport report;
    CHECK(report.step() == LaunchStep::kNone);
    const pid_t child = ::fork();
    if (child == 0) {
        report.fail(LaunchStep::kLimit, 13);
        ::_exit(0);
    }
    reap(child);
    CHECK(report.step() == LaunchStep::kLimit);
    CHECK(report.error() == 13);
}

TEST_CASE("limits are lowered to what is allowed", "[S11]") {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit allowed{.rlim_cur = 50, .rlim_max = 60};
        ::setrlimit(RLIMIT_NOFILE, &allowed);
        apply_limits({.cpu_seconds = 5, .open_files = 1000, .file_size = 4096, .core = 0});
        rlimit files{};
        rlimit cpu{};
        rlimit size{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        ::getrlimit(RLIMIT_CPU, &cpu);
        ::getrlimit(RLIMIT_FSIZE, &size);
        const bool good = files.rlim_cur == 60 && files.rlim_max == 60 && cpu.rlim_cur == 5 &&
                          cpu.rlim_max == 6 && size.rlim_cur == 4096 && size.rlim_max == 4096;
        ::_exit(good ? 0 : 1);
    }
    CHECK(reap(child) == 0);
}
