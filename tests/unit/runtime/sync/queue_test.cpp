// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/queue.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/gather.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<> produce(Queue<int>* queue, int first, int count) {
    for (int number = first; number < first + count; ++number) {
        co_await queue->put(number);
    }
}

Task<> consume(Queue<int>* queue, std::vector<int>* taken, int count) {
    for (int number = 0; number < count; ++number) {
        taken->push_back(co_await queue->get());
    }
}

/// Takes items until the queue is closed.
Task<> drain(Queue<int>* queue, std::vector<int>* taken) {
    try {
        for (;;) {
            taken->push_back(co_await queue->get());
            queue->task_done();
        }
    } catch (const QueueClosed&) {
        co_return;
    }
}

Task<> put_one(Queue<int>* queue, int number) {
    co_await queue->put(number);
}

Task<int> get_one(Queue<int>* queue) {
    co_return co_await queue->get();
}

Task<> work_on_all(Queue<int>* queue, int* done) {
    for (;;) {
        const int number = co_await queue->get();
        co_await sleep(std::chrono::seconds(number));
        ++*done;
        queue->task_done();
    }
}

}  // namespace

VIRTUAL_TEST_CASE("items come out in the order in which they went in", "[AS-08]") {
    Queue<int> queue;
    std::vector<int> taken;
    co_await gather(produce(&queue, 0, 100), consume(&queue, &taken, 100));
    std::vector<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(taken == expected);
    CHECK(queue.empty());
}

VIRTUAL_TEST_CASE("a queue without a limit never makes a producer wait", "[AS-08]") {
    Queue<int> queue;
    co_await produce(&queue, 0, 1000);
    CHECK(queue.size() == 1000);
    CHECK_FALSE(queue.full());
}

VIRTUAL_TEST_CASE("put waits while the queue is full", "[AS-08]") {
    Queue<int> queue(2);
    auto producing = create_task(produce(&queue, 0, 4));
    co_await turns(3);
    CHECK(queue.size() == 2);
    CHECK(queue.full());
    CHECK_FALSE(queue.try_put(9));
    CHECK_AWAIT(queue.get(), awaited == 0);
    co_await turns(2);
    CHECK(queue.size() == 2);
    CHECK_AWAIT(queue.get(), awaited == 1);
    co_await producing;
    CHECK_AWAIT(queue.get(), awaited == 2);
    CHECK_AWAIT(queue.get(), awaited == 3);
}

VIRTUAL_TEST_CASE("consumers are served in the order in which they came", "[AS-08]") {
    Queue<int> queue;
    auto first = create_task(get_one(&queue));
    auto second = create_task(get_one(&queue));
    co_await turns();
    CHECK(queue.try_put(1));
    CHECK(queue.try_put(2));
    // Both were handed over: nobody can snatch them.
    CHECK_FALSE(queue.try_get().has_value());
    CHECK_AWAIT(second, awaited == 2);
    CHECK_AWAIT(first, awaited == 1);
}

VIRTUAL_TEST_CASE("producers are served in the order in which they came", "[AS-08]") {
    Queue<int> queue(1);
    co_await queue.put(0);
    std::vector<TaskHandle<>> producing;
    for (int number = 1; number <= 3; ++number) {
        producing.push_back(create_task(put_one(&queue, number)));
    }
    co_await turns();
    CHECK(queue.try_get() == 0);
    // The place that became free belongs to the first of them, who has not run yet.
    CHECK_FALSE(queue.try_put(9));
    producing.push_back(create_task(put_one(&queue, 4)));
    for (int number = 1; number <= 4; ++number) {
        CHECK_AWAIT(queue.get(), awaited == number);
    }
}

VIRTUAL_TEST_CASE("an item given to a consumer cancelled since is not lost", "[AS-08]") {
    Queue<int> queue;
    auto first = create_task(get_one(&queue));
    auto second = create_task(get_one(&queue));
    co_await turns();
    CHECK(queue.try_put(1));
    first.cancel();
    co_await turns();
    CHECK(first.cancelled());
    CHECK_AWAIT(second, awaited == 1);
    auto third = create_task(get_one(&queue));
    co_await turns();
    CHECK(queue.try_put(2));
    CHECK(queue.try_put(3));
    third.cancel();
    co_await turns();
    CHECK(queue.try_get() == 2);
    CHECK(queue.try_get() == 3);
}

VIRTUAL_TEST_CASE("items given to several consumers cancelled since keep their order", "[AS-08]") {
    Queue<int> queue;
    std::vector<TaskHandle<int>> getting;
    for (int number = 0; number < 4; ++number) {
        getting.push_back(create_task(get_one(&queue)));
    }
    co_await turns();
    for (int number = 1; number <= 5; ++number) {
        CHECK(queue.try_put(number));
    }
    for (const std::size_t number : {0U, 1U, 3U}) {
        getting[number].cancel();
    }
    co_await turns(2);
    CHECK_AWAIT(getting[2], awaited == 3);
    for (const int number : {1, 2, 4, 5}) {
        CHECK(queue.try_get() == number);
    }
}

VIRTUAL_TEST_CASE("a producer that is cancelled has not put its item in", "[AS-08]") {
    Queue<int> queue(1);
    co_await queue.put(0);
    auto first = create_task(put_one(&queue, 1));
    auto second = create_task(put_one(&queue, 2));
    auto third = create_task(put_one(&queue, 3));
    co_await turns();
    second.cancel();
    CHECK(queue.try_get() == 0);
    first.cancel();
    co_await turns(2);
    CHECK(first.cancelled());
    CHECK(second.cancelled());
    CHECK(third.done());
    CHECK(queue.try_get() == 3);
}

VIRTUAL_TEST_CASE("close fails producers at once, and consumers when the queue is empty") {
    Queue<int> queue(1);
    co_await queue.put(0);
    auto putting = create_task(put_one(&queue, 1));
    co_await turns();
    queue.close();
    CHECK(queue.closed());
    CHECK_AWAIT(
        settle(std::move(putting)), text_of(awaited) == "aiomisc::QueueClosed: queue is closed");
    CHECK_THROWS_AS(co_await queue.put(2), QueueClosed);
    CHECK_THROWS_AS(queue.try_put(2), QueueClosed);
    CHECK_AWAIT(queue.get(), awaited == 0);
    CHECK_THROWS_AS(co_await queue.get(), QueueClosed);
    CHECK_FALSE(queue.try_get().has_value());
}

VIRTUAL_TEST_CASE("close wakes the consumers that wait") {
    Queue<int> queue;
    std::vector<int> taken;
    auto first = create_task(drain(&queue, &taken));
    auto second = create_task(drain(&queue, &taken));
    co_await turns();
    CHECK(queue.try_put(1));
    queue.close();
    co_await gather(std::move(first), std::move(second));
    CHECK(taken == std::vector<int>{1});
}

VIRTUAL_TEST_CASE(
    "a producer that was given a place when the queue closed has not put its item in") {
    Queue<int> queue(1);
    co_await queue.put(0);
    auto putting = create_task(put_one(&queue, 1));
    co_await turns();
    CHECK(queue.try_get() == 0);
    queue.close();
    CHECK_AWAIT_THAT(settle(std::move(putting)), text_of(awaited), contains("QueueClosed"));
    CHECK(queue.empty());
}

VIRTUAL_TEST_CASE("a queue carries what can only be moved, and keeps what does not fit") {
    Queue<std::unique_ptr<std::string>> queue(1);
    co_await queue.put(std::make_unique<std::string>("first"));
    auto second = std::make_unique<std::string>("second");
    CHECK_FALSE(queue.try_put(std::move(second)));
    REQUIRE(second != nullptr);
    const auto first = co_await queue.get();
    CHECK(*first == "first");
    CHECK(queue.try_put(std::move(second)));
    CHECK(**queue.try_get() == "second");
}

VIRTUAL_TEST_CASE("join waits until all items have been dealt with") {
    Queue<int> queue;
    int done = 0;
    auto worker = create_task(work_on_all(&queue, &done));
    co_await queue.join();
    for (int seconds = 1; seconds <= 3; ++seconds) {
        co_await queue.put(seconds);
    }
    co_await queue.join();
    CHECK(done == 3);
    CHECK(current_loop().time() == 6.0);
    CHECK_THROWS_AS(queue.task_done(), InvalidStateError);
}

VIRTUAL_TEST_CASE("no item is lost or doubled however both sides are cancelled", "[AS-08]") {
    std::mt19937 random(11);
    for (int round = 0; round < 100; ++round) {
        Queue<int> queue(1 + random() % 3);
        std::vector<TaskHandle<>> putting;
        std::vector<TaskHandle<int>> getting;
        for (int number = 0; number < 30; ++number) {
            putting.push_back(create_task(put_one(&queue, number)));
            getting.push_back(create_task(get_one(&queue)));
            if (random() % 2 == 0) {
                co_await turns(static_cast<int>(random() % 2) + 1);
            }
            if (random() % 3 == 0) {
                putting[random() % putting.size()].cancel();
            }
            if (random() % 3 == 0) {
                getting[random() % getting.size()].cancel();
            }
        }
        co_await turns(100);
        // Every item that went in either came out exactly once or is still there.
        std::vector<int> out;
        for (auto& task : getting) {
            if (task.done() && !task.cancelled()) {
                out.push_back(task.result());
            }
        }
        while (auto left = queue.try_get()) {
            out.push_back(*left);
            co_await turns(2);
        }
        std::vector<int> in;
        for (std::size_t number = 0; number < putting.size(); ++number) {
            if (putting[number].done() && !putting[number].cancelled()) {
                in.push_back(static_cast<int>(number));
            }
        }
        std::sort(in.begin(), in.end());
        std::sort(out.begin(), out.end());
        REQUIRE(in == out);
    }
}
