// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/wait.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "task_steps.h"

#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;
using Places = std::vector<std::size_t>;

std::vector<TaskHandle<int>> start_three() {
    std::vector<TaskHandle<int>> handles;
    handles.push_back(create_task(number_after(3s, 3)));
    handles.push_back(create_task(number_after(1s, 1)));
    handles.push_back(create_task(number_after(2s, 2)));
    return handles;
}

}  // namespace

VIRTUAL_TEST_CASE("wait returns when all are done", "[AS-06]") {
    const auto handles = start_three();
    const auto result = co_await aiomisc::wait(handles);
    CHECK(result.done == Places{0, 1, 2});
    CHECK(result.pending.empty());
    CHECK(current_loop().time() == 3.0);
}

VIRTUAL_TEST_CASE("wait returns with the first that is done", "[AS-06]") {
    const auto handles = start_three();
    const auto result = co_await aiomisc::wait(handles, {.when = kFirstCompleted});
    CHECK(result.done == Places{1});
    CHECK(result.pending == Places{0, 2});
    CHECK(current_loop().time() == 1.0);
}

VIRTUAL_TEST_CASE("wait until the first error passes over values and cancellations", "[AS-06]") {
    auto handles = start_three();
    handles.push_back(create_task(fail_after(2500ms, "late")));
    handles.push_back(create_task(number_after(1h, 4)));
    handles[4].cancel();
    const auto result = co_await aiomisc::wait(handles, {.when = kFirstException});
    CHECK(result.done == Places{1, 2, 3, 4});
    CHECK(result.pending == Places{0});
    CHECK_AWAIT(settle(std::move(handles[3])), text_of(awaited) == "std::runtime_error: late");
}

VIRTUAL_TEST_CASE("wait until the first error returns when all are done without one", "[AS-06]") {
    const auto handles = start_three();
    const auto result = co_await aiomisc::wait(handles, {.when = kFirstException});
    CHECK(result.done.size() == 3);
}

VIRTUAL_TEST_CASE("a wait that takes too long returns what is done, without an error", "[AS-06]") {
    const auto handles = start_three();
    const auto result = co_await aiomisc::wait(handles, {.timeout = 2500ms});
    CHECK(result.done == Places{1, 2});
    CHECK(result.pending == Places{0});
    CHECK(current_loop().time() == 2.5);
}

VIRTUAL_TEST_CASE("a cancelled task counts as done", "[AS-06]") {
    auto handles = start_three();
    handles[0].cancel();
    const auto result = co_await aiomisc::wait(handles, {.when = kFirstCompleted});
    CHECK(result.done == Places{0});
}

VIRTUAL_TEST_CASE("wait for what is done already, or for nothing, returns at once") {
    const auto handles = start_three();
    co_await aiomisc::wait(handles);
    const auto again = co_await aiomisc::wait(handles, {.when = kFirstCompleted, .timeout = 0s});
    CHECK(again.done == Places{0, 1, 2});
    const auto nothing = co_await aiomisc::wait(std::vector<TaskHandle<int>>());
    CHECK(nothing.done.empty());
    CHECK(nothing.pending.empty());
}

VIRTUAL_TEST_CASE("cancelling a wait leaves the tasks alone", "[AS-06]") {
    const auto handles = start_three();
    auto waiting = create_task(aiomisc::wait(handles));
    co_await turns(2);
    waiting.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
    const auto result = co_await aiomisc::wait(handles);
    CHECK(result.done.size() == 3);
    for (const auto& handle : handles) {
        CHECK_FALSE(handle.cancelled());
    }
}

VIRTUAL_TEST_CASE("two tasks may wait for the same ones") {
    const auto handles = start_three();
    auto first = create_task(aiomisc::wait(handles, {.when = kFirstCompleted}));
    auto all = create_task(aiomisc::wait(handles));
    CHECK_AWAIT(first, awaited.done == Places{1});
    CHECK_AWAIT(all, awaited.done.size() == 3);
}
