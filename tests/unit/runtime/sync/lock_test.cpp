// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/lock.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/sync/semaphore.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

template <typename Primitive>
Task<> hold(Primitive* primitive, std::vector<int>* order, int number, Duration time) {
    const auto held = co_await primitive->scoped();
    order->push_back(number);
    co_await sleep(time);
}

/// Notes how many hold a permit at the same time.
Task<> hold_and_count(Semaphore* semaphore, int* now, int* most, Duration time) {
    const auto permit = co_await semaphore->scoped();
    *most = std::max(*most, ++*now);
    try {
        co_await sleep(time);
    } catch (const CancelledError&) {
        --*now;
        throw;
    }
    --*now;
}

Task<> fail_while_holding(Lock* lock) {
    const auto held = co_await lock->scoped();
    co_await sleep(1s);
    throw std::runtime_error("failed");
}

}  // namespace

VIRTUAL_TEST_CASE("a lock passes to the oldest waiter", "[AS-08]") {
    Lock lock;
    std::vector<int> order;
    std::vector<TaskHandle<>> tasks;
    for (int number = 0; number < 4; ++number) {
        tasks.push_back(create_task(hold(&lock, &order, number, 1s)));
    }
    co_await turns();
    CHECK(lock.locked());
    CHECK_FALSE(lock.try_acquire());
    for (auto& task : tasks) {
        co_await task;
    }
    CHECK(order == std::vector<int>{0, 1, 2, 3});
    CHECK_FALSE(lock.locked());
}

VIRTUAL_TEST_CASE("nobody overtakes the waiter that a lock was passed to", "[AS-08]") {
    Lock lock;
    std::vector<int> order;
    co_await lock.acquire();
    auto waiting = create_task(hold(&lock, &order, 1, 0s));
    co_await turns();
    lock.release();
    // The waiter has not run yet, and owns the lock.
    CHECK(lock.locked());
    CHECK_FALSE(lock.try_acquire());
    co_await hold(&lock, &order, 2, 0s);
    CHECK(order == std::vector<int>{1, 2});
}

VIRTUAL_TEST_CASE("a lock that was passed to a task cancelled since goes to the next", "[AS-08]") {
    Lock lock;
    std::vector<int> order;
    co_await lock.acquire();
    auto first = create_task(hold(&lock, &order, 1, 0s));
    auto second = create_task(hold(&lock, &order, 2, 0s));
    co_await turns();
    lock.release();
    first.cancel();
    co_await second;
    CHECK(first.cancelled());
    CHECK(order == std::vector<int>{2});
    CHECK_FALSE(lock.locked());
}

VIRTUAL_TEST_CASE("a lock is released by an exception, and by hand once", "[AS-08]") {
    Lock lock;
    CHECK_AWAIT(
        settle(fail_while_holding(&lock)), text_of(awaited) == "std::runtime_error: failed");
    CHECK_FALSE(lock.locked());
    auto held = co_await lock.scoped();
    CHECK(static_cast<bool>(held));
    held.release();
    held.release();
    CHECK_FALSE(lock.locked());
    CHECK_THROWS_AS(lock.release(), InvalidStateError);
}

VIRTUAL_TEST_CASE("a permit moves with what holds it") {
    Lock lock;
    Permit outer;
    {
        Permit inner = co_await lock.scoped();
        outer = std::move(inner);
    }
    CHECK(lock.locked());
    outer = Permit();
    CHECK_FALSE(lock.locked());
}

VIRTUAL_TEST_CASE("a semaphore lets in as many as it has permits", "[AS-08]") {
    Semaphore semaphore(3);
    int now = 0;
    int most = 0;
    std::vector<TaskHandle<>> tasks;
    for (int number = 0; number < 10; ++number) {
        tasks.push_back(create_task(hold_and_count(&semaphore, &now, &most, 1s)));
    }
    co_await turns();
    CHECK(semaphore.locked());
    CHECK(semaphore.value() == 0);
    for (auto& task : tasks) {
        co_await task;
    }
    CHECK(most == 3);
    CHECK(now == 0);
    CHECK(semaphore.value() == 3);
    CHECK_FALSE(semaphore.locked());
}

VIRTUAL_TEST_CASE("permits of a semaphore may be added, those of a bounded one not", "[AS-08]") {
    Semaphore semaphore(0);
    CHECK(semaphore.locked());
    semaphore.release();
    semaphore.release();
    CHECK(semaphore.value() == 2);
    CHECK(semaphore.try_acquire());
    BoundedSemaphore bounded(1);
    CHECK_THROWS_AS(bounded.release(), InvalidStateError);
    co_await bounded.acquire();
    bounded.release();
    CHECK(bounded.value() == 1);
}

VIRTUAL_TEST_CASE("no permit is lost however waiters are cancelled", "[AS-08]") {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        BoundedSemaphore semaphore(2);
        int now = 0;
        int most = 0;
        std::vector<TaskHandle<>> tasks;
        for (int number = 0; number < 12; ++number) {
            const Duration time(random() % 4);
            tasks.push_back(create_task(hold_and_count(&semaphore, &now, &most, time)));
        }
        for (int step = 0; step < 6; ++step) {
            co_await sleep(Duration(random() % 3));
            tasks[random() % tasks.size()].cancel();
        }
        for (auto& task : tasks) {
            co_await settle(std::move(task));
        }
        REQUIRE(most <= 2);
        REQUIRE(now == 0);
        REQUIRE(semaphore.value() == 2);
    }
}
