// SPDX-License-Identifier: MIT
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/current_task.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using test::settle;
using test::text_of;
using test::turns;

using Steps = std::vector<std::string>;

static_assert(!std::is_base_of_v<std::exception, CancelledError>);

/// Notes when it is destroyed.
struct OnExit {
    Steps* steps;
    std::string text;

    ~OnExit() { steps->push_back(text); }
};

Task<> sleep_for_long(Steps* steps) {
    steps->push_back("begin");
    const OnExit unwound{steps, "unwound"};
    co_await sleep(1h);
    steps->push_back("end");
}

Task<> nested(Steps* steps) {
    const OnExit unwound{steps, "outer unwound"};
    co_await sleep_for_long(steps);
}

Task<int> swallow(Steps* steps) {
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        steps->push_back("swallowed");
    }
    co_return 5;
}

Task<int> swallow_and_fail() {
    bool cancelled = false;
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        cancelled = true;
    }
    if (cancelled) {
        throw std::runtime_error("instead");
    }
    co_return 0;
}

Task<> catch_standard_exceptions(Steps* steps) {
    try {
        co_await sleep(1h);
    } catch (const std::exception&) {
        steps->push_back("caught as std::exception");
    }
}

/// Cleans up with awaits, then lets the cancellation pass.
Task<> clean_up(Steps* steps) {
    std::optional<CancelledError> cancelled;
    try {
        co_await sleep(1h);
    } catch (const CancelledError& error) {
        cancelled = error;
    }
    steps->push_back("cleaning up");
    co_await sleep(1s);
    steps->push_back("cleaned up");
    if (cancelled) {
        throw CancelledError(cancelled->reason());
    }
}

Task<CancelReason> reason_of_cancellation() {
    try {
        co_await sleep(1h);
    } catch (const CancelledError& error) {
        co_return error.reason();
    }
    throw std::logic_error("not cancelled");
}

template <typename Value>
Task<Value> await_handle(TaskHandle<Value>* handle) {
    co_return co_await *handle;
}

Task<int> immediate() {
    co_return 1;
}

Task<> cancel_itself(Steps* steps) {
    current_task().cancel();
    co_await immediate();
    steps->push_back("an await that completes at once goes on");
    co_await sleep(Duration::zero());
    steps->push_back("not reached");
}

Task<> cancel_itself_and_await(TaskHandle<>* other) {
    current_task().cancel();
    co_await *other;
}

Task<int> cancel_itself_and_return() {
    current_task().cancel();
    co_return 3;
}

}  // namespace

VIRTUAL_TEST_CASE("the body of a task cancelled before its start never runs", "[AS-02]") {
    Steps steps;
    auto task = create_task(sleep_for_long(&steps));
    task.cancel();
    CHECK_FALSE(task.done());
    co_await turns();
    CHECK(task.done());
    CHECK(task.cancelled());
    CHECK(steps.empty());
}

VIRTUAL_TEST_CASE("a cancellation arrives at the innermost suspension point", "[AS-02]") {
    Steps steps;
    auto task = create_task(nested(&steps));
    co_await turns();
    task.cancel();
    CHECK_FALSE(task.done());
    const auto outcome = co_await settle(std::move(task));
    CHECK(outcome.cancelled());
    CHECK(steps == Steps{"begin", "unwound", "outer unwound"});
}

VIRTUAL_TEST_CASE("a task that swallows the cancellation ends with its value", "[AS-02]") {
    Steps steps;
    auto task = create_task(swallow(&steps));
    co_await turns();
    task.cancel();
    const int value = co_await task;
    CHECK(value == 5);
    CHECK_FALSE(task.cancelled());
    CHECK(steps == Steps{"swallowed"});
}

VIRTUAL_TEST_CASE("a task may answer the cancellation with another error", "[AS-02]") {
    auto task = create_task(swallow_and_fail());
    co_await turns();
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK(text_of(outcome) == "std::runtime_error: instead");
    CHECK_FALSE(outcome.cancelled());
}

VIRTUAL_TEST_CASE("a handler of std::exception does not catch a cancellation", "[AS-03]") {
    Steps steps;
    auto task = create_task(catch_standard_exceptions(&steps));
    co_await turns();
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK(outcome.cancelled());
    CHECK(steps.empty());
}

VIRTUAL_TEST_CASE("cancelling a task that is done changes nothing", "[AS-02]") {
    auto task = create_task(immediate());
    co_await turns();
    REQUIRE(task.done());
    task.cancel();
    CHECK_FALSE(task.cancelled());
    CHECK(task.result() == 1);
}

VIRTUAL_TEST_CASE("a task may await while it is being cancelled", "[AS-02]") {
    Steps steps;
    auto task = create_task(clean_up(&steps));
    co_await turns();
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK(outcome.cancelled());
    CHECK(steps == Steps{"cleaning up", "cleaned up"});
}

VIRTUAL_TEST_CASE("a second cancellation interrupts the cleanup", "[AS-02]") {
    Steps steps;
    auto task = create_task(clean_up(&steps));
    co_await turns();
    task.cancel();
    co_await turns(2);
    REQUIRE(steps == Steps{"cleaning up"});
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK(outcome.cancelled());
    CHECK(steps == Steps{"cleaning up"});
}

VIRTUAL_TEST_CASE("two cancellations before the task runs again are one", "[AS-02]") {
    Steps steps;
    auto task = create_task(clean_up(&steps));
    co_await turns();
    task.cancel();
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK(outcome.cancelled());
    CHECK(steps == Steps{"cleaning up", "cleaned up"});
}

VIRTUAL_TEST_CASE("the reason travels with the cancellation") {
    auto task = create_task(reason_of_cancellation());
    co_await turns();
    task.cancel(CancelReason::kShutdown);
    CHECK_AWAIT(task, awaited == CancelReason::kShutdown);
}

VIRTUAL_TEST_CASE("dropping the handle cancels the task") {
    Steps steps;
    {
        const auto task = create_task(nested(&steps));
        co_await turns();
    }
    co_await turns();
    CHECK(steps == Steps{"begin", "unwound", "outer unwound"});
}

VIRTUAL_TEST_CASE("cancelling a task cancels what it awaits, and waits for it", "[AS-02]") {
    Steps steps;
    auto inner = create_task(clean_up(&steps));
    auto outer = create_task(await_handle(&inner));
    co_await turns(2);
    outer.cancel();
    co_await turns(2);
    CHECK(steps == Steps{"cleaning up"});
    CHECK_FALSE(outer.done());
    const auto outcome = co_await settle(std::move(outer));
    CHECK(outcome.cancelled());
    CHECK(inner.cancelled());
    CHECK(steps == Steps{"cleaning up", "cleaned up"});
}

VIRTUAL_TEST_CASE("what an awaited task makes of the cancellation is the outcome", "[AS-02]") {
    Steps steps;
    auto inner = create_task(swallow(&steps));
    auto outer = create_task(await_handle(&inner));
    co_await turns(2);
    outer.cancel();
    CHECK_AWAIT(outer, awaited == 5);
    CHECK_FALSE(outer.cancelled());
}

VIRTUAL_TEST_CASE("a task that cancels itself goes on to its next suspension", "[AS-02]") {
    Steps steps;
    const auto outcome = co_await settle(cancel_itself(&steps));
    CHECK(outcome.cancelled());
    CHECK(steps == Steps{"an await that completes at once goes on"});
}

VIRTUAL_TEST_CASE("a task that cancels itself cancels what it awaits next", "[AS-02]") {
    Steps steps;
    auto other = create_task(clean_up(&steps));
    co_await turns();
    const auto outcome = co_await settle(cancel_itself_and_await(&other));
    CHECK(outcome.cancelled());
    CHECK(other.cancelled());
    CHECK(steps == Steps{"cleaning up", "cleaned up"});
}

VIRTUAL_TEST_CASE("a cancellation that finds no suspension is forgotten", "[AS-02]") {
    auto task = create_task(cancel_itself_and_return());
    CHECK_AWAIT(task, awaited == 3);
    CHECK_FALSE(task.cancelled());
}

VIRTUAL_TEST_CASE("an error of a task that nobody awaits is reported", "[AS-11]") {
    {
        auto task = create_task(swallow_and_fail(), "porter");
        co_await turns();
        task.cancel();
        co_await turns(2);
        CHECK(test::unhandled_errors()->take().empty());
    }
    CHECK(
        test::unhandled_errors()->take() ==
        std::vector<std::string>{
            "task exception was never retrieved [porter]: std::runtime_error: instead"});
}

VIRTUAL_TEST_CASE("an error that was looked at is not reported", "[AS-11]") {
    {
        auto task = create_task(swallow_and_fail());
        co_await turns();
        task.cancel();
        co_await turns(2);
        CHECK(describe_exception(task.exception()) == "std::runtime_error: instead");
    }
    CHECK(test::unhandled_errors()->take().empty());
}
