// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/awaitable.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/task/shield.h>

#include <stdexcept>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;

Task<int> twice(int value) {
    co_await turns();
    co_return value * 2;
}

Task<> finish(bool* finished) {
    co_await turns(3);
    *finished = true;
}

}  // namespace

VIRTUAL_TEST_CASE(
    "awaitable passes on what can be awaited, and wraps what cannot",
    "[UT-04][test_awaitable_decorator]") {
    Promise<int> promise;
    const detail::Completion* same = nullptr;
    auto future = awaitable([&] {
        auto made = promise.get_future();
        same = made.state().get();
        return made;
    })();
    CHECK(future.state().get() == same);  // the very same
    promise.set_value(1);
    CHECK_AWAIT(future, awaited == 1);
    CHECK_AWAIT(awaitable(twice)(4), awaited == 8);
    CHECK_AWAIT(awaitable([](int value) { return value + 1; })(4), awaited == 5);
    bool called = false;
    Task<> done = awaitable([&called] { called = true; })();
    CHECK(called);
    co_await done;
    CHECK_THROWS_AS(
        awaitable([]() -> int { throw std::runtime_error("at once"); })(), std::runtime_error);
}

VIRTUAL_TEST_CASE(
    "a function that is shielded goes on when its caller is cancelled", "[UT-07][test_shield]") {
    bool finished = false;
    const auto shielded = shield(finish);
    auto task = create_task(shielded(&finished));
    co_await turns(2);
    co_await cancel_tasks(task);
    CHECK(task.cancelled());
    CHECK_FALSE(finished);
    co_await turns(5);
    CHECK(finished);
    CHECK_AWAIT(shield(twice)(2), awaited == 4);
    CHECK_AWAIT(shield([](int value) { return create_task(twice(value)); })(3), awaited == 6);
}
