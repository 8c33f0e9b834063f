// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/select.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "task_steps.h"

#include <aiomisc/runtime/sync/semaphore.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/future.h>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<std::unique_ptr<int>> make_pointer() {
    co_return std::make_unique<int>(6);
}

Task<> cancel_all(std::vector<TaskHandle<>>* handles, Steps* steps) {
    co_await cancel_tasks(*handles);
    steps->push_back("still here");
}

Task<> acquire(Semaphore* permits) {
    co_await permits->acquire();
}

}  // namespace

VIRTUAL_TEST_CASE(
    "select returns the value of the first that is done",
    "[UT-01][UT-02][test_select][test_select_cancelling][test_select_cancel_true]") {
    Steps steps;
    auto result = co_await select(
        number_after(3s, 1, &steps, "a"),
        number_after(1s, 2, &steps, "b"),
        slow_to_cancel(5s, &steps, "c"));
    CHECK(result.done());
    CHECK(result.result_idx() == 1);
    CHECK_FALSE(result.is_exception());
    CHECK(std::get<1>(result.result()) == 2);
    CHECK(result.size() == 3);
    auto& [a, b, c] = result;
    CHECK_FALSE(a.has_value());
    CHECK(b == 2);
    CHECK_FALSE(c.has_value());
    // The losers were cancelled, and have ended.
    CHECK(steps == Steps{"b done", "a cancelled", "c cancelled", "c cleaned up"});
    CHECK(current_loop().time() == 6.0);
}

VIRTUAL_TEST_CASE("select with wait=false does not wait for the losers", "[UT-01]") {
    Steps steps;
    const auto result =
        co_await select({.wait = false}, number_after(1s, 1), slow_to_cancel(5s, &steps, "slow"));
    CHECK(result.result_idx() == 0);
    CHECK(current_loop().time() == 1.0);
    co_await sleep(10s);
    CHECK(steps == Steps{"slow cancelled", "slow cleaned up"});
}

VIRTUAL_TEST_CASE(
    "select with cancel=false leaves the losers running", "[UT-01][test_select_cancel_false]") {
    Steps steps;
    const auto result = co_await select(
        {.cancel = false}, number_after(1s, 1), number_after(5s, 2, &steps, "slow"));
    CHECK(result.result_idx() == 0);
    co_await sleep(10s);
    CHECK(steps == Steps{"slow done"});
}

VIRTUAL_TEST_CASE("the winner's error is thrown", "[UT-01][test_select_exception]") {
    Steps steps;
    const auto outcome = co_await settle(
        select(fail_after(1s, "lost by winning"), number_after(1h, 2, &steps, "other")));
    CHECK(text_of(outcome) == "std::runtime_error: lost by winning");
    CHECK(steps == Steps{"other cancelled"});
}

VIRTUAL_TEST_CASE("with return_exceptions the winner's error is in the result", "[UT-01][UT-02]") {
    const auto result =
        co_await select({.return_exceptions = true}, fail_after(1s, "kept"), number_after(1h, 2));
    CHECK(result.done());
    CHECK(result.is_exception());
    CHECK(result.result_idx() == 0);
    CHECK(describe_exception(result.exception()) == "std::runtime_error: kept");
    CHECK_THROWS_WITH(result.result(), "kept");
    CHECK_FALSE(result.get<0>().has_value());
}

VIRTUAL_TEST_CASE("a timeout of select is a result, not an error", "[UT-01]") {
    Steps steps;
    const auto result = co_await select(
        {.timeout = 2s}, number_after(1h, 1, &steps, "a"), number_after(1h, 2, &steps, "b"));
    CHECK_FALSE(result.done());
    CHECK_FALSE(result.result_idx().has_value());
    CHECK_FALSE(result.get<0>().has_value());
    CHECK_THROWS_AS(result.result(), InvalidStateError);
    CHECK(steps == Steps{"a cancelled", "b cancelled"});
    CHECK(current_loop().time() == 2.0);
}

VIRTUAL_TEST_CASE("errors of the losers are nobody's business", "[UT-01]") {
    const auto result = co_await select(number_after(1s, 1), fail_when_cancelled("in its cleanup"));
    CHECK(result.result_idx() == 0);
    CHECK(unhandled_errors()->take().empty());
}

VIRTUAL_TEST_CASE("cancelling select cancels all, and waits until they ended", "[UT-01]") {
    Steps steps;
    auto selecting = create_task(select(
        {.cancel = false, .wait = false},
        slow_to_cancel(5s, &steps, "a"),
        number_after(1h, 2, &steps, "b")));
    co_await turns(3);
    selecting.cancel();
    CHECK_AWAIT(settle(std::move(selecting)), awaited.cancelled());
    CHECK(steps == Steps{"a cancelled", "b cancelled", "a cleaned up"});
}

VIRTUAL_TEST_CASE("of several that are done, select takes the one that was first", "[UT-01]") {
    auto early = create_task(number_after(1s, 1));
    auto later = create_task(number_after(2s, 2));
    co_await sleep(3s);
    const auto result = co_await select(std::move(later), std::move(early), number_after(1h, 3));
    // Both had ended before: then the order of the arguments decides.
    CHECK(result.result_idx() == 0);
}

VIRTUAL_TEST_CASE("select hands out values that can only be moved", "[UT-02]") {
    auto result = co_await select(make_pointer(), sleep(1h));
    CHECK(*result.get<0>().value() == 6);
    const auto value = std::get<0>(std::move(result).result());
    CHECK(*value == 6);
}

VIRTUAL_TEST_CASE("cancel_tasks cancels all, and waits until they ended", "[UT-03]") {
    Steps steps;
    std::vector<TaskHandle<int>> handles;
    handles.push_back(create_task(slow_to_cancel(5s, &steps, "a")));
    handles.push_back(create_task(fail_when_cancelled("ignored")));
    handles.push_back(create_task(number_after(0s, 1)));
    co_await turns(3);
    co_await cancel_tasks(handles);
    CHECK(steps == Steps{"a cancelled", "a cleaned up"});
    CHECK(handles[2].result() == 1);
    co_await cancel_tasks(handles);
    co_await cancel_tasks(std::vector<TaskHandle<int>>());
}

VIRTUAL_TEST_CASE("cancel_tasks requests the cancellation when it is called", "[UT-03]") {
    auto task = create_task(number_after(1h, 1));
    auto other = create_task(number_after(1h, 1));
    co_await turns();
    Task<> ended = cancel_tasks(task, other);
    co_await turns(2);
    CHECK(task.cancelled());
    CHECK(other.cancelled());
    co_await ended;
}

VIRTUAL_TEST_CASE("cancel_tasks spares the calling task", "[UT-03]") {
    Steps steps;
    std::vector<TaskHandle<>> handles;
    handles.push_back(create_task(turns(1'000'000)));
    handles.push_back(create_task(cancel_all(&handles, &steps)));
    const auto outcome = co_await settle(std::move(handles[1]));
    CHECK(outcome.has_value());
    CHECK(steps == Steps{"still here"});
    CHECK(handles[0].cancelled());
}

VIRTUAL_TEST_CASE(
    "of twenty tasks at ten permits, cancel_tasks cancels the ten that wait",
    "[UT-03][test_cancel_tasks]") {
    Semaphore permits(10);
    std::vector<TaskHandle<>> handles;
    for (int number = 0; number < 20; ++number) {
        handles.push_back(create_task(acquire(&permits)));
    }
    co_await turns(3);
    co_await cancel_tasks(handles);
    const auto cancelled = std::count_if(
        handles.begin(), handles.end(), [](const auto& handle) { return handle.cancelled(); });
    CHECK(cancelled == 10);
}

VIRTUAL_TEST_CASE(
    "cancel_tasks cancels plain futures, and both together",
    "[UT-03][test_cancel_tasks_futures][test_cancel_tasks_futures_and_tasks]") {
    Promise<int> promise;
    Promise<int> done;
    done.set_value(1);
    auto future = promise.get_future();
    auto ended = done.get_future();
    auto task = create_task(number_after(1h, 2));
    co_await turns();
    co_await cancel_tasks(future, ended, task);
    CHECK(future.cancelled());
    CHECK(promise.cancelled());
    CHECK(task.cancelled());
    CHECK(ended.result() == 1);
}
