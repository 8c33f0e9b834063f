// SPDX-License-Identifier: MIT

// What SIGINT and SIGTERM do to a program, from outside: EP-14 to EP-18.

#include "support/async_test.h"
#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"

#include <aiomisc/runtime/app/run.h>
#include <aiomisc/runtime/task/sleep.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

void say(const std::string& text) {
    std::puts(text.c_str());
    std::fflush(stdout);
}

/// Says what is done to it; what it does besides is the test's.
class Talker final : public Service {
public:
    using Part = std::function<Task<>()>;

    explicit Talker(Part in_start, Part in_stop = {})
        : in_start_(std::move(in_start)), in_stop_(std::move(in_stop)) {}

    Task<> start() override {
        say("start");
        try {
            co_await in_start_();
        } catch (const CancelledError&) {
            say("start cancelled");
            throw;
        }
    }

    Task<> stop(std::exception_ptr reason) override {
        say(reason ? "stop: " + describe_exception(reason) : "stop");
        if (in_stop_) {
            co_await in_stop_();
        }
        say("stopped");
    }

private:
    Part in_start_;
    Part in_stop_;
};

Task<> nothing() {
    co_return;
}

Task<> sleep_long() {
    co_await sleep(1h);
}

Task<> swallow_cancellation() {
    for (;;) {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            say("swallowed");
        }
    }
}

Task<> block_the_thread() {
    std::this_thread::sleep_for(1h);
    co_return;
}

Task<> main_task() {
    say("main");
    co_await sleep(1h);
}

int run_talker(Talker::Part in_start, Talker::Part in_stop = {}, Duration limit = 60s) {
    return run(
        main_task(),
        {.log_level = "info", .shutdown_timeout = limit},
        std::make_shared<Talker>(std::move(in_start), std::move(in_stop)));
}

Process start(const std::string& helper) {
    return Process::start_helper(helper, {}, {.merge_stderr = true});
}

/// Reads up to the line that is wanted.
void read_until(Process& process, const std::string& wanted) {
    for (auto line = process.read_line(); line; line = process.read_line()) {
        if (*line == wanted) {
            return;
        }
    }
    FAIL("never said " << wanted);
}

}  // namespace

AIOMISC_TEST_HELPER(signal_in_start) {
    return run_talker(sleep_long);
}

AIOMISC_TEST_HELPER(signal_in_run) {
    return run_talker(nothing);
}

AIOMISC_TEST_HELPER(signal_while_serving) {
    return serve({}, {std::make_shared<Talker>(nothing)});
}

AIOMISC_TEST_HELPER(signal_in_stop) {
    return run_talker(nothing, sleep_long);
}

AIOMISC_TEST_HELPER(stop_blocks_its_thread) {
    return run_talker(nothing, block_the_thread, 50ms);
}

AIOMISC_TEST_HELPER(stop_blocks_for_long) {
    return run_talker(nothing, block_the_thread);
}

AIOMISC_TEST_HELPER(start_blocks_its_thread) {
    return run_talker(block_the_thread);
}

AIOMISC_TEST_HELPER(stop_swallows_cancellation) {
    return run_talker(nothing, swallow_cancellation, 50ms);
}

AIOMISC_TEST_HELPER(stop_takes_too_long) {
    return run_talker(nothing, sleep_long, 50ms);
}

AIOMISC_TEST_HELPER(main_swallows_cancellation) {
    return run(
        []() -> Task<> {
            say("main");
            co_await swallow_cancellation();
        }(),
        {.shutdown_timeout = 50ms});
}

AIOMISC_TEST_HELPER(no_signals) {
    EntrypointOptions options;
    options.catch_signals.emplace();
    return run(main_task(), options);
}

AIOMISC_TEST_HELPER(other_signals) {
    EntrypointOptions options;
    options.catch_signals = {SIGUSR1};
    return run(main_task(), options);
}

AIOMISC_TEST_HELPER(signals_from_a_thread) {
    int code = 0;
    std::thread([&] {
        const auto before = ::signal(SIGTERM, SIG_DFL);
        code = run([]() -> Task<> { co_await sleep(1ms); }());
        struct sigaction now{};
        ::sigaction(SIGTERM, nullptr, &now);
        code = code == 0 && before == SIG_DFL && now.sa_handler == SIG_DFL ? 0 : 1;
    }).join();
    return code;
}

AIOMISC_TEST_HELPER(exit_with_a_code) {
    return run([]() -> Task<> {
        throw SystemExit(5);
        co_return;
    }());
}

TEST_CASE("a signal during the start ends the start, and stops what was started", "[EP-15]") {
    auto process = start("signal_in_start");
    REQUIRE(process.read_line() == "start");
    process.send_signal(SIGTERM);
    CHECK(
        process.read_all() ==
        "SIGTERM received: shutting down\nstart cancelled\n"
        "stop: aiomisc::ShutdownRequested: SIGTERM received\nstopped\n");
    CHECK(process.wait() == ExitStatus{.code = 128 + SIGTERM});
}

TEST_CASE("a signal stops the services, and then cancels the main task", "[EP-16][W-03]") {
    for (const int signal : {SIGINT, SIGTERM}) {
        auto process = start("signal_in_run");
        read_until(process, "main");
        process.send_signal(signal);
        const std::string name = signal == SIGINT ? "SIGINT" : "SIGTERM";
        CHECK(
            process.read_all() == name +
                                      " received: shutting down\nstop: "
                                      "aiomisc::ShutdownRequested: " +
                                      name + " received\nstopped\n");
        CHECK(process.wait() == ExitStatus{.code = 128 + signal});
    }
}

TEST_CASE("serve ends with code 0 after a signal", "[EP-16][W-02]") {
    auto process = start("signal_while_serving");
    read_until(process, "start");
    process.send_signal(SIGTERM);
    CHECK_THAT(process.read_all(), contains("\nstopped\n"));
    CHECK(process.wait() == ExitStatus{.code = 0});
}

TEST_CASE("a second signal ends the process at once, whatever its thread does", "[EP-17][W-04]") {
    for (const char* helper : {"signal_in_stop", "stop_blocks_for_long"}) {
        auto process = start(helper);
        read_until(process, "main");
        process.send_signal(SIGTERM);
        read_until(process, "stop: aiomisc::ShutdownRequested: SIGTERM received");
        process.send_signal(SIGINT);
        CHECK_THAT(process.read_all(), contains("a second signal, SIGINT, during the shutdown"));
        CHECK(process.wait() == ExitStatus{.code = 128 + SIGINT});
    }
}

TEST_CASE("a second signal ends a program whose thread was blocked at the first", "[EP-17]") {
    auto process = start("start_blocks_its_thread");
    read_until(process, "start");
    process.send_signal(SIGTERM);
    process.send_signal(SIGINT);
    CHECK_THAT(process.read_all(), contains("a second signal, SIG"));
    const ExitStatus status = process.wait();
    CHECK((status.code == 128 + SIGINT || status.code == 128 + SIGTERM));
}

TEST_CASE("a shutdown over its limit is cancelled, and ends with code 70", "[EP-18]") {
    auto process = start("stop_takes_too_long");
    read_until(process, "main");
    process.send_signal(SIGTERM);
    const std::string output = process.read_all();
    CHECK_THAT(output, contains("the shutdown did not happen in 0.05 seconds, aborting"));
    CHECK_FALSE(output.find("stopped") != std::string::npos);
    CHECK(process.wait() == ExitStatus{.code = 70});
}

TEST_CASE("the limit holds for those who block their thread or swallow cancellation", "[EP-18]") {
    for (const char* helper :
         {"stop_blocks_its_thread", "stop_swallows_cancellation", "main_swallows_cancellation"}) {
        auto process = start(helper);
        read_until(process, "main");
        process.send_signal(SIGTERM);
        CHECK_THAT(
            process.read_all(),
            contains(
                "ignores cancellation, or blocks its thread: ending the process with code 70"));
        CHECK(process.wait() == ExitStatus{.code = 70});
    }
}

TEST_CASE("signals are caught as the options say", "[EP-14]") {
    auto none = start("no_signals");
    read_until(none, "main");
    none.send_signal(SIGTERM);
    CHECK(none.wait() == ExitStatus{.signal = SIGTERM});
    auto other = start("other_signals");
    read_until(other, "main");
    other.send_signal(SIGUSR1);
    CHECK(other.wait() == ExitStatus{.code = 128 + SIGUSR1});
}

TEST_CASE("a thread other than the main one leaves signals alone", "[EP-14][W-21]") {
    auto process = start("signals_from_a_thread");
    CHECK(process.wait() == ExitStatus{.code = 0});
}

TEST_CASE("SystemExit is the exit code", "[EP-18]") {
    auto process = start("exit_with_a_code");
    CHECK(process.read_all() == "");
    CHECK(process.wait() == ExitStatus{.code = 5});
}
