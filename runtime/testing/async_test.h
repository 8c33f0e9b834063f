// SPDX-License-Identifier: MIT
#pragma once

/// Tests that are coroutines, for Catch2 (2.13 or 3; the header does not need more than the one the
/// test includes).

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <aiomisc/runtime/app/context.h>
#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/testing/test_run.h>

#include <string>
#include <utility>
#include <vector>

namespace aiomisc::testing {

/// What is left in the loop ends before what it refers to, also when the test throws.
template <typename Loop>
void run_and_close(Loop& loop, Task<> test) {
    try {
        loop.run_until_complete(std::move(test));
    } catch (...) {
        loop.close();
        throw;
    }
    loop.close();
}

/// Runs a test's body to its end on a loop of its own, and closes the loop. What reached the
/// exception handler, and was not taken by the test, fails it.
template <typename Loop>
void run_on_loop(Task<> (*body)()) {
    std::vector<std::string> unhandled;
    {
        Loop loop;
        UnhandledErrors errors(loop);
        run_and_close(loop, within_test_timeout(body()));
        unhandled = errors.take();
    }
    CHECK(unhandled == std::vector<std::string>());
}

/// Runs the body of a test with a fixture: between its start and its end, an entrypoint runs the
/// services of the fixture on the loop of the test.
template <typename Test>
void run_with_fixture() {
    std::vector<std::string> unhandled;
    {
        EventLoop loop;
        UnhandledErrors errors(loop);
        Test test;
        run_and_close(loop, within_test_timeout(live(&test, [&test] { return test.body(); })));
        unhandled = errors.take();
    }
    CHECK(unhandled == std::vector<std::string>());
}

}  // namespace aiomisc::testing

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
#define AIOMISC_TEST_CASE_ON(loop, body, ...)        \
    static ::aiomisc::Task<> body();                 \
    TEST_CASE(__VA_ARGS__) {                         \
        ::aiomisc::testing::run_on_loop<loop>(body); \
    }                                                \
    static ::aiomisc::Task<> body()
#define AIOMISC_TEST_CASE_WITH(fixture, test, ...)    \
    namespace {                                       \
    struct test : fixture {                           \
        ::aiomisc::Task<> body();                     \
    };                                                \
    }                                                 \
    TEST_CASE(__VA_ARGS__) {                          \
        ::aiomisc::testing::run_with_fixture<test>(); \
    }                                                 \
    ::aiomisc::Task<> test::body()

/// A test case whose body is a Task<>, run on an EventLoop. Assertions work as in TEST_CASE;
/// sections do not (a section is a branch of the test, and a coroutine is run once): write several
/// cases.
///
///     ASYNC_TEST_CASE("a queue gives what was put") {
///         Queue<int> queue;
///         co_await queue.put(1);
///         CHECK_AWAIT(queue.get(), awaited == 1);
///     }
///
/// An error that nobody saw fails the test. AIOMISC_TEST_TIMEOUT (seconds) limits each test.
#define ASYNC_TEST_CASE(...) \
    AIOMISC_TEST_CASE_ON(    \
        ::aiomisc::EventLoop, AIOMISC_CONCATENATE(aiomisc_test_body_, __LINE__), __VA_ARGS__)

/// The same on a VirtualLoop, where time costs nothing and a hang fails at once.
#define VIRTUAL_TEST_CASE(...) \
    AIOMISC_TEST_CASE_ON(      \
        ::aiomisc::VirtualLoop, AIOMISC_CONCATENATE(aiomisc_test_body_, __LINE__), __VA_ARGS__)

/// The same with an EntrypointFixture, whose members the body sees:
///
///     struct WithEcho : aiomisc::testing::EntrypointFixture {
///         aiomisc::ServiceList services() override { return {echo}; }
///         std::shared_ptr<Echo> echo = std::make_shared<Echo>();
///     };
///     ENTRYPOINT_TEST_CASE(WithEcho, "what is sent comes back") {
///         auto client = co_await aiomisc::testing::Connection::open("localhost", echo->port());
///         …
///     }
#define ENTRYPOINT_TEST_CASE(fixture, ...) \
    AIOMISC_TEST_CASE_WITH(fixture, AIOMISC_CONCATENATE(AiomiscTest, __LINE__), __VA_ARGS__)
