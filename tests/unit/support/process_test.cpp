// SPDX-License-Identifier: MIT
#include "support/process.h"

#include "support/catch.h"
#include "support/helper.h"
#include "support/process_table.h"
#include "support/wait_until.h"

#include <aiomisc/runtime/base/error.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using aiomisc::test::ExitStatus;
using aiomisc::test::Process;
using aiomisc::test::wait_until;

AIOMISC_TEST_HELPER(greet) {
    std::cout << "arguments:";
    for (const std::string& argument : arguments) {
        std::cout << ' ' << argument;
    }
    std::cout << '\n' << std::flush;
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << "got " << line << '\n' << std::flush;
    }
    return 7;
}

/// Prints its pid and that of a child which has left for a session of its own; both then sleep.
AIOMISC_TEST_HELPER(parent_of_setsid_child) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        ::pause();
        ::_exit(0);
    }
    std::cout << child << '\n' << std::flush;
    ::pause();
    return 0;
}

TEST_CASE("a helper gets arguments and input, and gives output and an exit code", "[support]") {
    Process helper = Process::start_helper("greet", {"one", "two words"});
    CHECK(helper.read_line() == "arguments: one two words");
    helper.write("hello\n");
    CHECK(helper.read_line() == "got hello");
    helper.write("a\nb");
    helper.close_stdin();
    CHECK(helper.read_all() == "got a\ngot b\n");
    CHECK(helper.read_line() == std::nullopt);
    CHECK(helper.wait() == ExitStatus{.code = 7, .signal = 0});
    CHECK(helper.wait() == ExitStatus{.code = 7, .signal = 0});
}

TEST_CASE("a process killed by a signal says which", "[support]") {
    Process sleeper = Process::start({"sleep", "300"});
    sleeper.send_signal(SIGTERM);
    CHECK(sleeper.wait() == ExitStatus{.code = -1, .signal = SIGTERM});
}

TEST_CASE("a program that does not exist is an error, not a process", "[support]") {
    CHECK_THROWS_AS(Process::start({"/nonexistent/program"}), aiomisc::SystemError);
}

TEST_CASE("waiting is limited", "[support]") {
    Process sleeper = Process::start({"sleep", "300"});
    CHECK_THROWS_AS(sleeper.wait(1ms), aiomisc::TimeoutError);
    CHECK_THROWS_AS(sleeper.read_line(1ms), aiomisc::TimeoutError);
}

TEST_CASE("writing to a process that is gone is an error, not a signal", "[support]") {
    Process gone = Process::start({"true"});
    gone.wait();
    CHECK_THROWS_AS(gone.write("anybody?\n"), aiomisc::SystemError);
}

TEST_CASE("the environment is inherited and can be added to", "[support]") {
    Process shell = Process::start(
        {"sh", "-c", "echo $ADDED; test -n \"$PATH\" && echo path; echo to stderr >&2"},
        {.environment = {{"ADDED", "value"}}, .merge_stderr = true});
    CHECK(shell.read_all() == "value\npath\nto stderr\n");
}

TEST_CASE("a grandchild in a session of its own is found and killed", "[support]") {
    Process parent = Process::start_helper("parent_of_setsid_child");
    const pid_t grandchild = std::stoi(parent.read_line().value());
    const auto survivors = parent.survivors();
    CHECK(std::set(survivors.begin(), survivors.end()) == std::set{parent.pid(), grandchild});

    parent.send_signal(SIGKILL);
    CHECK(parent.wait() == ExitStatus{.code = -1, .signal = SIGKILL});
    CHECK(parent.survivors() == std::vector<pid_t>{grandchild});

    parent.kill_tree();
    CHECK(parent.survivors().empty());
    CHECK_FALSE(aiomisc::test::is_running(grandchild));
}

TEST_CASE("a process is found by what stands in its environment", "[support]") {
    const std::string token = "AIOMISC_TEST_TOKEN=" + std::to_string(::getpid()) + ".end";
    CHECK(aiomisc::test::pids_with_environ_token(token).empty());
    Process sleeper = Process::start(
        {"sleep", "300"},
        {.environment = {{"AIOMISC_TEST_TOKEN", token.substr(token.find('=') + 1)}}});
    CHECK(wait_until(
        [&] {
            return aiomisc::test::pids_with_environ_token(token) ==
                   std::vector<pid_t>{sleeper.pid()};
        },
        10s));
}

TEST_CASE("a zombie is not running", "[support]") {
    Process gone = Process::start({"true"});
    CHECK(wait_until([&] { return !aiomisc::test::is_running(gone.pid()); }, 10s));
    CHECK(gone.wait() == ExitStatus{.code = 0, .signal = 0});
}
