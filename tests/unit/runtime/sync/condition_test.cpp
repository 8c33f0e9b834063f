// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/condition.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<> wait_and_note(Condition* condition, std::vector<int>* order, int number) {
    const auto held = co_await condition->scoped();
    co_await condition->wait();
    order->push_back(number);
}

Task<> wait_for_value(Condition* condition, const int* value, int wanted) {
    const auto held = co_await condition->scoped();
    co_await condition->wait([value, wanted] { return *value == wanted; });
}

/// Says whether the lock is held when the wait ends in a cancellation.
Task<bool> locked_after_cancellation(Condition* condition) {
    const auto held = co_await condition->scoped();
    try {
        co_await condition->wait();
    } catch (const CancelledError&) {
        co_return condition->locked();
    }
    co_return false;
}

}  // namespace

VIRTUAL_TEST_CASE("notify wakes those that have waited longest", "[AS-08]") {
    Condition condition;
    std::vector<int> order;
    std::vector<TaskHandle<>> waiting;
    for (int number = 0; number < 4; ++number) {
        waiting.push_back(create_task(wait_and_note(&condition, &order, number)));
    }
    co_await turns(3);
    {
        const auto held = co_await condition.scoped();
        condition.notify(2);
    }
    co_await turns(5);
    CHECK(order == std::vector<int>{0, 1});
    {
        const auto held = co_await condition.scoped();
        condition.notify_all();
    }
    co_await turns(5);
    CHECK(order == std::vector<int>{0, 1, 2, 3});
}

VIRTUAL_TEST_CASE("wait and notify need the lock", "[AS-08]") {
    Condition condition;
    CHECK_THROWS_WITH(condition.notify(), "notify a condition that is not locked");
    CHECK_THROWS_WITH(co_await condition.wait(), "wait for a condition that is not locked");
}

VIRTUAL_TEST_CASE("waiting for a predicate lasts until it holds", "[AS-08]") {
    Condition condition;
    int value = 0;
    auto waiting = create_task(wait_for_value(&condition, &value, 3));
    for (int next = 1; next <= 3; ++next) {
        co_await turns(5);
        CHECK_FALSE(waiting.done());
        const auto held = co_await condition.scoped();
        value = next;
        condition.notify();
    }
    co_await waiting;
}

VIRTUAL_TEST_CASE("a condition may share its lock", "[AS-08]") {
    Lock lock;
    Condition full(lock);
    Condition empty(lock);
    const auto held = co_await lock.scoped();
    CHECK(full.locked());
    full.notify();
    empty.notify_all();
}

VIRTUAL_TEST_CASE("a cancelled wait takes the lock again before it ends", "[AS-08]") {
    Condition condition;
    auto waiting = create_task(locked_after_cancellation(&condition));
    co_await turns(2);
    co_await condition.acquire();
    waiting.cancel();
    co_await turns(3);
    CHECK_FALSE(waiting.done());
    waiting.cancel();
    co_await turns(3);
    CHECK_FALSE(waiting.done());
    condition.release();
    CHECK_AWAIT(waiting, awaited);
    CHECK_FALSE(condition.locked());
}

VIRTUAL_TEST_CASE("a notification of a task cancelled since goes to the next", "[AS-08]") {
    Condition condition;
    std::vector<int> order;
    auto first = create_task(wait_and_note(&condition, &order, 1));
    auto second = create_task(wait_and_note(&condition, &order, 2));
    co_await turns(3);
    {
        const auto held = co_await condition.scoped();
        condition.notify();
        first.cancel();
    }
    co_await second;
    CHECK(first.cancelled());
    CHECK(order == std::vector<int>{2});
}
