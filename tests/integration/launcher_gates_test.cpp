// SPDX-License-Identifier: MIT
// What holds up the start of a job, and how a run goes on when it can.
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <aiomisc/runtime/base/compiler.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include <sys/resource.h>

using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Takes away from a process what descriptors it has not used yet, and gives them back.
class FewDescriptors {
public:
    explicit FewDescriptors(pid_t pid) : pid_(pid) {
        REQUIRE(::prlimit(pid_, RLIMIT_NOFILE, nullptr, &before_) == 0);
        // Below the lowest number that is free.
        const rlimit few{3, before_.rlim_max};
        REQUIRE(::prlimit(pid_, RLIMIT_NOFILE, &few, nullptr) == 0);
    }

    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

    ~FewDescriptors() { ::prlimit(pid_, RLIMIT_NOFILE, &before_, nullptr); }

private:
    pid_t pid_;
    rlimit before_{};
};

/// Whether a job starts though it should not: as long as it would need ten times over.
bool starts_nevertheless(const Launcher& launcher) {
    return wait_until([&] { return std::filesystem::exists(launcher.work() / "ran"); }, 1s);
}

}  // namespace

TEST_CASE("starts are a delay apart", "[launcher][AR-60]") {
    Launcher launcher;
    const auto begin = std::chrono::steady_clock::now();
    CHECK(
        launcher.run({"-j8", "--delay", "0.3", "true", ":::", "1", "2", "3", "4"}).status.code ==
        0);
    CHECK(std::chrono::steady_clock::now() - begin >= 900ms);
}

TEST_CASE("jobs start with a gap, and nothing waits after the last", "[launcher]") {
    Launcher launcher;
    // An hour's gap: the second job would never start.
    const Outcome one = launcher.run({"--delay", "1h", "echo", ":::", "A"});
    CHECK(one.out == "A\n");
    Process process = launcher.start({"--delay", "1h", "--lb", "echo", ":::", "A", "B"});
    CHECK(process.read_line() == "A");
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(process.read_all() == "");
}

TEST_CASE("further attempts keep the gap, too", "[launcher]") {
    Launcher launcher;
    const auto begin = std::chrono::steady_clock::now();
    CHECK(launcher.run({"--delay", "0.3", "--retries", "3", "false", ":::", "1"}).status.code == 1);
    CHECK(std::chrono::steady_clock::now() - begin >= 600ms);
}

TEST_CASE("nothing starts on a machine that is too busy or too full", "[launcher]") {
    // Something always runs: this does.
    Process busy = Process::start({"/bin/sh", "-c", "while :; do :; done"});
    for (const Words& rule : {Words{"--load", "1"}, Words{"--memfree", "1000T"}}) {
        INFO(rule.front());
        Launcher launcher;
        Words words = rule;
        words.insert(words.end(), {"touch", ":::", "ran"});
        Process process = launcher.start(words);
        process.close_stdin();
        CHECK_FALSE(starts_nevertheless(launcher));
        process.send_signal(SIGTERM);
        CHECK(process.wait().signal == SIGTERM);
        CHECK(launcher.files().empty());
    }
    busy.kill_tree();
}

TEST_CASE("rules that are met hold nothing up", "[launcher]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"-k", "--load", "1000000", "--memfree", "1K", "echo", ":::", "1", "2", "3"});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == "1\n2\n3\n");
}

// UndefinedBehaviorSanitizer opens a pipe to look at a pointer, and ends the process where it gets
// none.
#ifndef AIOMISC_ADDRESS_SANITIZER

TEST_CASE(
    "a run slows down where descriptors run out, and goes on when there are some", "[launcher]") {
    // In the launcher no pipe can be made; to the supervisor none can be handed.
    for (const std::string& where : {std::string("aiomisc-run"), std::string("aiomisc-superv")}) {
        INFO(where);
        Launcher launcher;
        Process process = launcher.start({"-j2", "-k", ": >started-{}; echo {}"});
        process.write("A\n");
        REQUIRE(launcher.wait_for("started-A"));
        const auto pids = processes_named(process, where);
        REQUIRE_FALSE(pids.empty());
        {
            const FewDescriptors few(where == "aiomisc-run" ? process.pid() : pids.front());
            process.write("B\n");
            CHECK(wait_until(
                [&] { return launcher.err().find("are tried again") != std::string::npos; }, 20s));
            CHECK_FALSE(std::filesystem::exists(launcher.work() / "started-B"));
        }
        process.close_stdin();
        CHECK(process.read_all() == "A\nB\n");
        CHECK(process.wait().code == 0);
    }
}

TEST_CASE("a run that waits for descriptors can be stopped", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"-j2", "--joblog", "log", ": >started-{}; sleep 300"});
    process.write("A\n");
    REQUIRE(launcher.wait_for("started-A"));
    const FewDescriptors few(process.pid());
    process.write("B\n");
    CHECK(wait_until(
        [&] { return launcher.err().find("are tried again") != std::string::npos; }, 20s));
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
    CHECK(nothing_left_of(process));
    CHECK(rows_of(launcher.read("log")).size() == 2);
}

#endif

TEST_CASE("the file of -j is read again when a job ends", "[launcher]") {
    Launcher launcher;
    launcher.write("jobs", "1\n");
    Process process = launcher.start(
        {"-j",
         "jobs",
         ": >started-{}; while ! test -e end-{}; do sleep 0.01; done; echo {}",
         ":::",
         "A",
         "B",
         "C",
         "D"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    launcher.write("jobs", "2\n");
    CHECK_FALSE(std::filesystem::exists(launcher.work() / "started-B"));  // until one ends
    launcher.write("end-A", "");
    CHECK(launcher.wait_for("started-B"));
    CHECK(launcher.wait_for("started-C"));
    launcher.write("jobs", "what is this\n");  // changes nothing
    launcher.write("end-B", "");
    CHECK(launcher.wait_for("started-D"));
    for (const char* name : {"end-C", "end-D"}) {
        launcher.write(name, "");
    }
    CHECK(process.wait().code == 0);
}

TEST_CASE("a file that does not say how many jobs starts none", "[launcher]") {
    Launcher launcher;
    launcher.write("jobs", "many\n");
    for (const char* file : {"jobs", "no-such-file"}) {
        INFO(file);
        const Outcome outcome = launcher.run({"-j", file, "touch", ":::", "ran"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains(file));
    }
    CHECK(launcher.files() == Words{"jobs"});
}
