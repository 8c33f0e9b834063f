// SPDX-License-Identifier: MIT

// What calls write to stdout and stderr, and what they log: all of it arrives, with the call that
// wrote it, before the call settles.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/log/log.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// What one call wrote.
struct Output {
    std::string out;
    std::string err;

    /// Options for a call that writes here.
    CallOptions options() {
        return {
            .on_output = std::make_shared<const OutputHandler>(
                [this](bool is_stderr, std::span<const std::byte> bytes) {
                    (is_stderr ? err : out)
                        .append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                })};
    }
};

WorkerPoolOptions capturing_options(std::size_t workers) {
    auto options = pool_options(workers);
    options.capture_output = true;
    return options;
}

int print_number(int number) {
    std::printf("number %d", number);
    std::cout << ", cout";
    std::fprintf(stderr, "err %d", number);
    return number;
}

void print_and_throw() {
    std::printf("last words");
    throw std::runtime_error("thrown");
}

/// Text without a newline: it still stands in a buffer when the process ends.
void print_and_end(int how) {
    std::printf("a line\nlast words");
    std::cerr << "to stderr";
    switch (how) {
        case 0:
            calls::call_abort();
            break;
        case 1:
            calls::segfault();
            break;
        case 2:
            calls::call_exit(3);
            break;
        default:
            calls::throw_from_noexcept();
    }
}

void print_line_and_be_killed() {
    std::printf("a line\n");
    calls::kill_itself(SIGKILL);
}

std::size_t print_much(std::size_t bytes) {
    const std::string line(99, 'x');
    for (std::size_t printed = 0; printed < bytes; printed += 100) {
        std::printf("%s\n", line.c_str());
    }
    return bytes;
}

void print_and_sleep() {
    std::printf("before\n");
    calls::sleep_until_cancelled();
}

void print_and_print_again() {
    try {
        print_and_sleep();
    } catch (const CancelledError&) {
        std::printf("after\n");
        throw;
    }
}

int log_at_each_level(int number) {
    log::debug("task", "debug {}", number);
    log::info("task", "info {}", number);
    log::warning("task", "warning {}", number);
    return static_cast<int>(log::format());
}

void log_and_be_killed() {
    log::error("task", "about to die");
    calls::kill_itself(SIGKILL);
}

/// Level and format of this process while it lives.
class LogConfig {
public:
    LogConfig(log::Level level, log::Format format, const char* date_format = nullptr) {
        log::basic_config(
            {.level = level,
             .log_format = format,
             .date_format = date_format == nullptr ? std::nullopt : std::optional(date_format)});
    }

    LogConfig(const LogConfig&) = delete;
    LogConfig& operator=(const LogConfig&) = delete;

    ~LogConfig() { log::basic_config({.level = level_, .log_format = format_}); }

private:
    log::Level level_ = log::level();
    log::Format format_ = log::format();
};

}  // namespace

POOL_TEST_CASE("each call gets its own output, before it settles", "[P19]") {
    WorkerPool pool(capturing_options(3));
    co_await pool.start();
    std::vector<Output> outputs(60);
    std::vector<TaskHandle<int>> calls;
    for (int number = 0; number < 60; ++number) {
        calls.push_back(pool.create_task_with<&print_number>(
            outputs[static_cast<std::size_t>(number)].options(), number));
    }
    for (int number = 0; number < 60; ++number) {
        CHECK_AWAIT(calls[static_cast<std::size_t>(number)], awaited == number);
        const Output& output = outputs[static_cast<std::size_t>(number)];
        CHECK(output.out == "number " + std::to_string(number) + ", cout");
        CHECK(output.err == "err " + std::to_string(number));
    }
    co_await pool.close();
}

POOL_TEST_CASE("what a call printed before it ended badly is not lost", "[P19]") {
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output thrown;
    co_await error_of<std::runtime_error>(
        pool.create_task_with<&print_and_throw>(thrown.options()));
    CHECK(thrown.out == "last words");
    for (const int how : {0, 1, 2, 3}) {
        CAPTURE(how);
        Output output;
        co_await error_of<WorkerDied>(pool.create_task_with<&print_and_end>(output.options(), how));
        CHECK(output.out == "a line\nlast words");
        CHECK_THAT(output.err, contains("to stderr"));
    }
    Output killed;
    co_await error_of<WorkerDied>(
        pool.create_task_with<&print_line_and_be_killed>(killed.options()));
    CHECK(killed.out == "a line\n");
    co_await pool.close();
}

POOL_TEST_CASE("more output than a pipe holds arrives whole", "[P19]") {
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output output;
    CHECK_AWAIT(
        pool.create_task_with<&print_much>(output.options(), std::size_t{3'000'000}),
        awaited == 3'000'000);
    CHECK(output.out.size() == 3'000'000);
    CHECK(output.out.find_first_not_of("x\n") == std::string::npos);
    co_await pool.close();
}

POOL_TEST_CASE("output of a call that nobody reads goes to our own", "[P19]") {
    const StderrCapture capture;
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    CHECK_AWAIT(pool.create_task<&print_number>(42), awaited == 42);
    CHECK_THAT(capture.text(), contains("err 42"));
    co_await pool.close();
}

POOL_TEST_CASE("output of a call that was cancelled goes nowhere", "[P19][F83]") {
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output output;
    auto call = pool.create_task_with<&print_and_sleep>(output.options());
    REQUIRE_AWAIT(eventually([&] { return output.out == "before\n"; }), awaited);
    call.cancel();
    CHECK_AWAIT(settle(std::move(call)), !awaited.has_value());
    Output next;
    CHECK_AWAIT(pool.create_task_with<&print_number>(next.options(), 1), awaited == 1);
    CHECK(next.out == "number 1, cout");
    CHECK(output.out == "before\n");
    co_await pool.close();
}

POOL_TEST_CASE("who waits for a call that was cancelled gets all its output", "[P19][F83]") {
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output output;
    auto options = output.options();
    options.wait_when_cancelled = true;
    auto call = pool.create_task_with<&print_and_print_again>(options);
    REQUIRE_AWAIT(eventually([&] { return output.out == "before\n"; }), awaited);
    call.cancel();
    CHECK_FALSE(call.done());
    CHECK_AWAIT(settle(std::move(call)), !awaited.has_value());
    CHECK(output.out == "before\nafter\n");
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("an output handler that throws, or cancels, harms only itself", "[P19]") {
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    const CallOptions throwing{
        .on_output = std::make_shared<const OutputHandler>(
            [](bool, std::span<const std::byte>) { throw std::runtime_error("no taste"); })};
    CHECK_AWAIT(pool.create_task_with<&print_number>(throwing, 5), awaited == 5);
    const auto errors = unhandled_errors()->take();
    REQUIRE_FALSE(errors.empty());
    CHECK_THAT(errors.front(), contains("no taste"));
    TaskHandle<std::size_t> call;
    const CallOptions cancelling{
        .on_output = std::make_shared<const OutputHandler>(
            [&call](bool, std::span<const std::byte>) { call.cancel(); })};
    call = pool.create_task_with<&print_much>(cancelling, std::size_t{1000});
    CHECK_AWAIT(eventually([&call] { return call.done(); }), awaited);
    CHECK(call.cancelled());
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("calls log with the level and the format of the program", "[WP-18]") {
    {
        const LogConfig config(log::Level::kInfo, log::Format::kStream);
        WorkerPool pool(capturing_options(1));
        co_await pool.start();
        Output output;
        CHECK_AWAIT(
            pool.create_task_with<&log_at_each_level>(output.options(), 1),
            awaited == static_cast<int>(log::Format::kStream));
        CHECK(output.err == "INFO:task:info 1\nWARNING:task:warning 1\n");
        co_await pool.close();
    }
    const LogConfig config(log::Level::kWarning, log::Format::kPlain);
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output output;
    co_await pool.create_task_with<&log_at_each_level>(output.options(), 2);
    CHECK(output.err == "warning 2\n");
    co_await pool.close();
}

POOL_TEST_CASE("workers log with the date format of the parent", "[WP-18]") {
    const LogConfig config(log::Level::kWarning, log::Format::kStream, "at %Y");
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output output;
    co_await pool.create_task_with<&log_at_each_level>(output.options(), 3);
    CHECK_THAT(output.err, contains("at 20"));
    co_await pool.close();
}

POOL_TEST_CASE("what a call logs before it is killed arrives", "[P19][WP-18]") {
    const LogConfig config(log::Level::kInfo, log::Format::kPlain);
    WorkerPool pool(capturing_options(1));
    co_await pool.start();
    Output output;
    co_await error_of<WorkerDied>(pool.create_task_with<&log_and_be_killed>(output.options()));
    CHECK(output.err == "about to die\n");
    co_await pool.close();
}
