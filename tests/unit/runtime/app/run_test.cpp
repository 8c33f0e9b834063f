// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/run.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"

#include <aiomisc/runtime/app/start_hooks.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/sleep.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

void say(const char* text) {
    std::puts(text);
    std::fflush(stdout);
}

Task<int> return_code(int code) {
    co_await sleep(1ms);
    co_return code;
}

Task<> do_nothing() {
    co_return;
}

Task<int> fail() {
    co_await sleep(1ms);
    throw std::runtime_error("nothing works");
}

Task<int> wait_for_end() {
    say("ready");
    co_await sleep(1h);
    co_return 0;
}

Task<int> finish_when_cancelled() {
    say("ready");
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        say("finishing");
    }
    co_await sleep(1ms);
    co_return 5;
}

Task<int> hang_when_cancelled() {
    say("ready");
    for (;;) {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            say("cancelled");
        }
    }
}

Task<int> report_environment() {
    say(std::string(log::level_name(log::level())).c_str());
    say(std::string(log::format_name(log::format())).c_str());
    say(test::current_loop().debug() ? "debug" : "no debug");
    co_return 0;
}

int threads_at_start = 0;
bool loop_at_start = true;

void note_state_at_start() {
    namespace fs = std::filesystem;
    threads_at_start = static_cast<int>(
        std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
    loop_at_start = Scheduler::current_or_null() != nullptr;
    say("hook");
}

Process start(const std::string& helper, const ProcessOptions& options = {}) {
    return Process::start_helper(helper, {}, options);
}

}  // namespace

AIOMISC_TEST_HELPER(run_wait_for_end) {
    return run(wait_for_end());
}

AIOMISC_TEST_HELPER(run_finish_when_cancelled) {
    return run(finish_when_cancelled());
}

AIOMISC_TEST_HELPER(run_hang_when_cancelled) {
    return run(hang_when_cancelled());
}

AIOMISC_TEST_HELPER(run_ignoring_sigint) {
    ::signal(SIGINT, SIG_IGN);
    return run(wait_for_end());
}

AIOMISC_TEST_HELPER(run_fail) {
    return run(fail());
}

AIOMISC_TEST_HELPER(run_report) {
    return run(report_environment());
}

AIOMISC_TEST_HELPER(run_report_with_options) {
    return run(report_environment(), {.log_level = "debug", .log_format = "stream", .debug = true});
}

AIOMISC_TEST_HELPER(run_bad_option) {
    return run(report_environment(), {.log_level = "loud"});
}

AIOMISC_TEST_HELPER(run_hooks) {
    detail::register_start_hook(note_state_at_start);
    detail::register_start_hook(note_state_at_start);
    const int code = run(return_code(0));
    return code == 0 && threads_at_start == 1 && !loop_at_start ? 0 : 1;
}

TEST_CASE("run returns what the main task returns") {
    CHECK(run(return_code(7)) == 7);
    CHECK(run(do_nothing()) == 0);
    char name[] = "program";
    char* arguments[] = {name, nullptr};
    CHECK(run(1, arguments, return_code(8)) == 8);
    CHECK(run(1, arguments, do_nothing()) == 0);
}

TEST_CASE("an exception of the main task is logged, and the code is 1") {
    auto process = start("run_fail", {.merge_stderr = true});
    CHECK_THAT(process.read_all(), contains("std::runtime_error: nothing works"));
    CHECK(process.wait() == ExitStatus{.code = 1});
}

TEST_CASE("a signal cancels the main task, and the code says which") {
    for (const int signal : {SIGINT, SIGTERM}) {
        auto process = start("run_wait_for_end", {.merge_stderr = true});
        REQUIRE(process.read_line() == "ready");
        process.send_signal(signal);
        CHECK_THAT(process.read_all(), contains("received: shutting down"));
        CHECK(process.wait() == ExitStatus{.code = 128 + signal});
    }
}

TEST_CASE("a main task that ends properly after the signal has its code returned") {
    auto process = start("run_finish_when_cancelled");
    REQUIRE(process.read_line() == "ready");
    process.send_signal(SIGTERM);
    CHECK(process.read_line() == "finishing");
    CHECK(process.wait() == ExitStatus{.code = 5});
}

TEST_CASE("a second signal ends the process at once", "[EP-17]") {
    auto process = start("run_hang_when_cancelled", {.merge_stderr = true});
    REQUIRE(process.read_line() == "ready");
    process.send_signal(SIGTERM);
    CHECK(process.read_line() == "SIGTERM received: shutting down");
    REQUIRE(process.read_line() == "cancelled");
    process.send_signal(SIGTERM);
    CHECK_THAT(process.read_all(), contains("a second signal, SIGTERM"));
    CHECK(process.wait() == ExitStatus{.code = 128 + SIGTERM});
}

TEST_CASE("a signal that was ignored at the start stays ignored") {
    auto process = start("run_ignoring_sigint");
    REQUIRE(process.read_line() == "ready");
    process.send_signal(SIGINT);
    process.send_signal(SIGTERM);
    CHECK(process.wait() == ExitStatus{.code = 128 + SIGTERM});
}

TEST_CASE("logging and debug mode follow the environment", "[EP-06][EP-07][EP-13]") {
    auto by_default = start("run_report");
    CHECK(by_default.read_all() == "info\nplain\nno debug\n");
    auto configured = start(
        "run_report",
        {.environment = {
             {"AIOMISC_LOG_LEVEL", "error"},
             {"AIOMISC_LOG_FORMAT", "color"},
             {"AIOMISC_DEBUG", "1"}}});
    CHECK(configured.read_all() == "error\ncolor\ndebug\n");
}

TEST_CASE("options win over the environment") {
    auto process = start(
        "run_report_with_options",
        {.environment = {{"AIOMISC_LOG_LEVEL", "error"}, {"AIOMISC_DEBUG", "0"}}});
    CHECK(process.read_all() == "debug\nstream\ndebug\n");
}

TEST_CASE(
    "a wrong setting is refused with its name and where it came from", "[EP-06][EP-07][EP-31]") {
    auto by_option = start("run_bad_option", {.merge_stderr = true});
    CHECK_THAT(
        by_option.read_all(), contains("log_level (from EntrypointOptions): no log level loud"));
    CHECK(by_option.wait() == ExitStatus{.code = 1});
    auto by_variable =
        start("run_report", {.environment = {{"AIOMISC_DEBUG", "perhaps"}}, .merge_stderr = true});
    CHECK_THAT(by_variable.read_all(), contains("AIOMISC_DEBUG (from environment)"));
    CHECK(by_variable.wait() == ExitStatus{.code = 1});
}

TEST_CASE("start hooks run once each, before any loop or thread exists") {
    auto process = start("run_hooks");
    CHECK(process.read_all() == "hook\n");
    CHECK(process.wait() == ExitStatus{.code = 0});
}
