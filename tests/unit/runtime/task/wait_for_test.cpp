// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/wait_for.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "task_steps.h"

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/future.h>

#include <memory>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<std::unique_ptr<int>> make_pointer() {
    co_await sleep(1s);
    co_return std::make_unique<int>(1);
}

}  // namespace

VIRTUAL_TEST_CASE("wait_for returns the value that comes in time", "[AS-05]") {
    CHECK_AWAIT(wait_for(number_after(1s, 4), 2s), awaited == 4);
    CHECK_AWAIT(wait_for(make_pointer(), 2s), *awaited == 1);
    CHECK(current_loop().time() == 2.0);
}

VIRTUAL_TEST_CASE("wait_for without a limit waits as long as it takes", "[AS-05]") {
    CHECK_AWAIT(wait_for(number_after(100h, 4), std::nullopt), awaited == 4);
}

VIRTUAL_TEST_CASE("the longest limit is not over at once", "[AS-05]") {
    CHECK_AWAIT(wait_for(number_after(100h, 4), Duration::max()), awaited == 4);
    auto sleeping = create_task([]() -> Task<> { co_await sleep(Duration::max()); }());
    co_await sleep(1h);
    CHECK_FALSE(sleeping.done());
}

VIRTUAL_TEST_CASE("wait_for throws TimeoutError, and the task is cancelled by then", "[AS-05]") {
    Steps steps;
    const auto outcome = co_await settle(wait_for(number_after(1h, 1, &steps, "task"), 1500ms));
    CHECK(text_of(outcome) == "aiomisc::TimeoutError: wait_for: not done after 1.5 s");
    CHECK(steps == Steps{"task cancelled"});
    CHECK(current_loop().time() == 1.5);
}

VIRTUAL_TEST_CASE("a timeout waits until the task really ended", "[AS-05]") {
    Steps steps;
    const auto outcome = co_await settle(wait_for(slow_to_cancel(5s, &steps, "task"), 1s));
    CHECK(text_of(outcome) == "aiomisc::TimeoutError: wait_for: not done after 1 s");
    CHECK(steps == Steps{"task cancelled", "task cleaned up"});
    CHECK(current_loop().time() == 6.0);
}

VIRTUAL_TEST_CASE("a task that swallows the timeout has its value returned", "[AS-05]") {
    CHECK_AWAIT(wait_for(stubborn(1), 1s), awaited == 1001);
}

VIRTUAL_TEST_CASE("an error during the timeout is what wait_for throws", "[AS-05]") {
    const auto outcome = co_await settle(wait_for(fail_when_cancelled("cleanup failed"), 1s));
    CHECK(text_of(outcome) == "std::runtime_error: cleanup failed");
}

VIRTUAL_TEST_CASE("the task's own error passes through", "[AS-05]") {
    const auto outcome = co_await settle(wait_for(fail_after(1s, "early"), 2s));
    CHECK(text_of(outcome) == "std::runtime_error: early");
}

VIRTUAL_TEST_CASE("a limit of zero or less never runs the body", "[AS-05]") {
    Steps steps;
    for (const Duration limit : {Duration(0), Duration(-1s)}) {
        const auto outcome = co_await settle(wait_for(note_start(&steps, "task"), limit));
        CHECK_THAT(text_of(outcome), starts_with("aiomisc::TimeoutError: "));
    }
    CHECK(steps.empty());
    CHECK(current_loop().time() == 0.0);
}

VIRTUAL_TEST_CASE("a limit of zero returns the value of what is done", "[AS-05]") {
    auto done = create_task(number_after(0s, 4));
    co_await turns(3);
    CHECK_AWAIT(wait_for(done, 0s), awaited == 4);
}

VIRTUAL_TEST_CASE("cancelling wait_for cancels the task, and waits for it", "[AS-05]") {
    Steps steps;
    auto waiting = create_task(wait_for(slow_to_cancel(5s, &steps, "task"), 1h));
    co_await turns(3);
    waiting.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
    CHECK(steps == Steps{"task cancelled", "task cleaned up"});
}

VIRTUAL_TEST_CASE("a cancellation while the timeout is under way stays a cancellation", "[AS-05]") {
    Steps steps;
    auto waiting = create_task(wait_for(slow_to_cancel(5s, &steps, "task"), 1s));
    co_await sleep(2s);
    REQUIRE(steps == Steps{"task cancelled"});
    waiting.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
}

VIRTUAL_TEST_CASE("a task that others cancel is a cancellation, not a timeout", "[AS-05]") {
    auto task = create_task(number_after(1h, 1));
    auto waiting = create_task(wait_for(task, 10s));
    co_await turns(2);
    task.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
    CHECK(current_loop().time() == 0.0);
}

VIRTUAL_TEST_CASE("wait_for on a handle of the caller's leaves it with the caller") {
    auto task = create_task(stubborn(1));
    const auto outcome = co_await settle(wait_for(task, 1s));
    CHECK(outcome.value() == 1001);
    auto slow = create_task(number_after(1h, 1));
    CHECK_AWAIT_THAT(settle(wait_for(slow, 1s)), text_of(awaited), contains("TimeoutError"));
    CHECK(slow.cancelled());
}

VIRTUAL_TEST_CASE("wait_for takes futures and primitives too") {
    Promise<int> promise;
    auto future = promise.get_future();
    CHECK_AWAIT_THAT(settle(wait_for(future, 1s)), text_of(awaited), contains("TimeoutError"));
    CHECK(promise.cancelled());
    Event event;
    CHECK_AWAIT_THAT(
        settle(wait_for(event.wait(), 1s)), text_of(awaited), contains("TimeoutError"));
    event.set();
    co_await wait_for(event.wait(), 1s);
    CHECK(current_loop().time() == 2.0);
}
