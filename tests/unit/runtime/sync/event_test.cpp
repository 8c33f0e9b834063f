// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/event.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <vector>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;

Task<> wait_and_note(Event* event, std::vector<int>* order, int number) {
    co_await event->wait();
    order->push_back(number);
}

}  // namespace

VIRTUAL_TEST_CASE("set wakes all waiters in the order in which they came", "[AS-08]") {
    Event event;
    std::vector<int> order;
    std::vector<TaskHandle<>> waiting;
    for (int number = 0; number < 4; ++number) {
        waiting.push_back(create_task(wait_and_note(&event, &order, number)));
    }
    co_await turns(2);
    CHECK(order.empty());
    event.set();
    CHECK(event.is_set());
    co_await turns();
    CHECK(order == std::vector<int>{0, 1, 2, 3});
}

VIRTUAL_TEST_CASE("waiting for an event that is set returns at once", "[AS-08]") {
    Event event;
    event.set();
    bool other_ran = false;
    current_loop().call_soon([&other_ran] { other_ran = true; });
    co_await event.wait();
    CHECK_FALSE(other_ran);
    event.clear();
    CHECK_FALSE(event.is_set());
    co_await turns();
}

VIRTUAL_TEST_CASE("set wakes those that wait, even if clear follows at once", "[AS-08]") {
    Event event;
    std::vector<int> order;
    auto waiting = create_task(wait_and_note(&event, &order, 1));
    co_await turns();
    event.set();
    event.clear();
    auto late = create_task(wait_and_note(&event, &order, 2));
    co_await turns(3);
    CHECK(order == std::vector<int>{1});
    event.set();
    co_await late;
}

VIRTUAL_TEST_CASE("a waiter that is cancelled does not disturb the others", "[AS-08]") {
    Event event;
    std::vector<int> order;
    std::vector<TaskHandle<>> waiting;
    for (int number = 0; number < 3; ++number) {
        waiting.push_back(create_task(wait_and_note(&event, &order, number)));
    }
    co_await turns();
    waiting[1].cancel();
    co_await turns();
    event.set();
    co_await turns();
    CHECK(order == std::vector<int>{0, 2});
    CHECK(waiting[1].cancelled());
}
