// SPDX-License-Identifier: MIT
#pragma once

#include "support/catch.h"

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/task/gather_settled.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace aiomisc::test {

/// The loop that runs the test.
inline BasicLoop& current_loop() {
    return dynamic_cast<BasicLoop&>(Scheduler::current());
}

/// Collects what reaches a loop's exception handler: `message: error`.
class UnhandledErrors {
public:
    explicit UnhandledErrors(BasicLoop& loop) {
        loop.set_exception_handler([this](const ExceptionContext& context) {
            std::string text = context.message;
            if (!context.task.empty()) {
                text += " [" + context.task + "]";
            }
            if (context.exception) {
                text += ": " + describe_exception(context.exception);
            }
            errors_.push_back(std::move(text));
        });
    }

    UnhandledErrors(const UnhandledErrors&) = delete;
    UnhandledErrors& operator=(const UnhandledErrors&) = delete;
    ~UnhandledErrors() = default;

    /// What came since the last call.
    std::vector<std::string> take() { return std::exchange(errors_, {}); }

private:
    std::vector<std::string> errors_;
};

/// The collector of the test that runs: a test that provokes an unhandled error takes it from here.
inline UnhandledErrors*& unhandled_errors() {
    static thread_local UnhandledErrors* current = nullptr;
    return current;
}

/// Runs a test's body to its end on a loop of its own, and closes the loop. What reached the
/// exception handler, and was not taken by the test, fails it.
template <typename Loop>
void run_on_loop(Task<> (*body)()) {
    std::vector<std::string> unhandled;
    {
        Loop loop;
        UnhandledErrors errors(loop);
        unhandled_errors() = &errors;
        loop.run_until_complete(body());
        loop.close();
        unhandled = errors.take();
        unhandled_errors() = nullptr;
    }
    CHECK(unhandled == std::vector<std::string>());
}

/// libuv opens a pipe for signals with the first loop of a process, and keeps it: done before
/// main() it is no leak of the first test.
inline const bool kLibuvIsReady = [] {
    const EventLoop first;
    return !first.closed();
}();

/// Gives everything else that is ready `count` turns.
inline Task<> turns(int count = 1) {
    for (int turn = 0; turn < count; ++turn) {
        co_await sleep(Duration::zero());
    }
}

/// Awaits one thing, and returns how it ended instead of throwing.
template <Awaitable Awaited>
Task<Settled<AwaitableValue<Awaited>>> settle(Awaited awaitable) {
    auto [outcome] = co_await gather_settled(std::move(awaitable));
    co_return std::move(outcome);
}

/// `type: what()` of the error something ended with, or "value".
template <typename Value>
std::string text_of(const Settled<Value>& settled) {
    return settled.has_value() ? "value" : describe_exception(settled.error());
}

}  // namespace aiomisc::test

/// CHECK, REQUIRE and CHECK_THAT of something awaited, which the condition calls `awaited`:
///
///     CHECK_AWAIT(queue.get(), awaited == 3);
///
/// An assertion must not hold a co_await itself: Catch2's macros name their expression three times,
/// and GCC runs a co_await even where the expression is not to be evaluated.
#define CHECK_AWAIT(awaitable, ...)               \
    do {                                          \
        const auto& awaited = co_await awaitable; \
        CHECK(__VA_ARGS__);                       \
    } while (false)
#define REQUIRE_AWAIT(awaitable, ...)             \
    do {                                          \
        const auto& awaited = co_await awaitable; \
        REQUIRE(__VA_ARGS__);                     \
    } while (false)
#define CHECK_AWAIT_THAT(awaitable, ...)          \
    do {                                          \
        const auto& awaited = co_await awaitable; \
        CHECK_THAT(__VA_ARGS__);                  \
    } while (false)

#define AIOMISC_CONCATENATE_(left, right) left##right
#define AIOMISC_CONCATENATE(left, right) AIOMISC_CONCATENATE_(left, right)
#define AIOMISC_TEST_CASE_ON(loop, body, ...)     \
    static ::aiomisc::Task<> body();              \
    TEST_CASE(__VA_ARGS__) {                      \
        ::aiomisc::test::run_on_loop<loop>(body); \
    }                                             \
    static ::aiomisc::Task<> body()

/// A test case whose body is a Task<>, run on an EventLoop. Assertions work as in TEST_CASE;
/// sections do not (a section is a branch of the test, and a coroutine is run once): write several
/// cases.
#define ASYNC_TEST_CASE(...) \
    AIOMISC_TEST_CASE_ON(    \
        ::aiomisc::EventLoop, AIOMISC_CONCATENATE(aiomisc_test_body_, __LINE__), __VA_ARGS__)

/// The same on a VirtualLoop, where time costs nothing and a hang fails at once.
#define VIRTUAL_TEST_CASE(...) \
    AIOMISC_TEST_CASE_ON(      \
        ::aiomisc::VirtualLoop, AIOMISC_CONCATENATE(aiomisc_test_body_, __LINE__), __VA_ARGS__)
