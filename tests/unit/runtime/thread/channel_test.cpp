// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/channel.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/runtime/thread/new_thread.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<std::vector<int>> read_all(FromThreadChannel<int>* channel) {
    std::vector<int> items;
    try {
        for (;;) {
            items.push_back(co_await channel->get());
        }
    } catch (const ChannelClosed&) {
        co_return items;
    }
}

void put_ten(FromThreadChannel<int>& channel) {
    for (int item = 0; item < 10; ++item) {
        channel.put(item);
    }
    channel.close();
}

const std::vector<int> kTen{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

Task<int> get_one(FromThreadChannel<int>* channel) {
    co_return co_await channel->get();
}

/// How put() ended.
std::string put_outcome(FromThreadChannel<int>::Sender sender, int item) {
    try {
        sender.put(item);
        return "put";
    } catch (const ChannelClosed&) {
        return "closed";
    }
}

}  // namespace

ASYNC_TEST_CASE("ten items come in order, then the end", "[TH-13][test_from_thread_channel]") {
    ThreadPoolExecutor pool(2);
    for (const std::size_t size : {0, 1, 2, 100}) {
        FromThreadChannel<int> in_pool(size);
        auto producing = pool.submit(put_ten, std::ref(in_pool));
        CHECK_AWAIT(read_all(&in_pool), awaited == kTen);
        co_await producing;
        FromThreadChannel<int> separate(size);
        auto separately = run_in_new_thread(put_ten, std::ref(separate));
        CHECK_AWAIT(read_all(&separate), awaited == kTen);
        co_await separately;
    }
    co_await pool.close();
}

ASYNC_TEST_CASE(
    "a reader that comes first is woken", "[TH-13][test_from_thread_channel_wait_before]") {
    FromThreadChannel<int> channel(1);
    auto reading = create_task(read_all(&channel));
    co_await turns(2);
    auto producing = run_in_new_thread(put_ten, std::ref(channel));
    CHECK_AWAIT(reading, awaited == kTen);
    co_await producing;
}

ASYNC_TEST_CASE("a closed channel takes nothing", "[TH-13][test_from_thread_channel_close]") {
    FromThreadChannel<int> channel;
    const auto sender = channel.sender();
    auto before = run_in_new_thread(put_outcome, sender, 1);
    CHECK_AWAIT(before, awaited == "put");
    channel.close();
    channel.close();
    CHECK(sender.closed());
    auto after = run_in_new_thread(put_outcome, sender, 2);
    CHECK_AWAIT(after, awaited == "closed");
    CHECK_AWAIT(channel.get(), awaited == 1);
    CHECK_AWAIT(
        settle(channel.get()), text_of(awaited) == "aiomisc::ChannelClosed: channel is closed");
}

ASYNC_TEST_CASE(
    "a get on an empty channel waits, in vain or not", "[TH-13][test_from_thread_channel_close]") {
    FromThreadChannel<int> channel;
    CHECK_AWAIT(settle(wait_for(channel.get(), 1ms)), text_of(awaited) != "value");
    CHECK_AWAIT(
        settle(channel.get(1ms)),
        text_of(awaited) == "aiomisc::ChannelTimeout: nothing came through the channel in time");
    CHECK_AWAIT(settle(channel.get(0s)), awaited.error() != nullptr);
    auto later = run_in_new_thread(put_outcome, channel.sender(), 7);
    CHECK_AWAIT(channel.get(1h), awaited == 7);
    CHECK_AWAIT(later, awaited == "put");
}

ASYNC_TEST_CASE("a producer that waits for room goes on when there is some", "[TH-13]") {
    FromThreadChannel<int> channel(2);
    std::atomic<int> put = 0;
    auto producing = run_in_new_thread([&] {
        for (int item = 0; item < 5; ++item) {
            channel.put(item);
            ++put;
        }
    });
    co_await turns(2);
    CHECK(wait_until([&] { return put == 2; }, 30s));
    CHECK(channel.size() == 2);
    CHECK_AWAIT(channel.get(), awaited == 0);
    CHECK(wait_until([&] { return put == 3; }, 30s));
    CHECK(channel.size() == 2);
    for (int item = 1; item < 5; ++item) {
        CHECK_AWAIT(channel.get(), awaited == item);
    }
    co_await producing;
}

ASYNC_TEST_CASE("close wakes producers that wait for room", "[TH-13][W-11]") {
    FromThreadChannel<int> channel(1);
    channel.put(0);
    std::vector<Future<std::string>> producers;
    for (int item = 1; item <= 8; ++item) {
        producers.push_back(run_in_new_thread(put_outcome, channel.sender(), item));
    }
    co_await turns(2);
    channel.close();
    for (auto& producer : producers) {
        CHECK_AWAIT(producer, awaited == "closed");
    }
    CHECK_AWAIT(channel.get(), awaited == 0);
}

ASYNC_TEST_CASE("a thread may close it while tasks wait", "[TH-13]") {
    FromThreadChannel<int> channel;
    std::vector<TaskHandle<int>> readers;
    for (int number = 0; number < 5; ++number) {
        readers.push_back(create_task(get_one(&channel)));
    }
    co_await turns(2);
    co_await run_in_new_thread([sender = channel.sender()]() mutable { sender.close(); });
    for (auto& reader : readers) {
        CHECK_AWAIT(settle(std::move(reader)), awaited.error() != nullptr);
    }
}

ASYNC_TEST_CASE("the end of the channel closes it for its senders", "[TH-13]") {
    std::optional<FromThreadChannel<int>> channel(std::in_place, 1);
    const auto sender = channel->sender();
    channel->put(0);
    auto blocked = run_in_new_thread(put_outcome, sender, 1);
    co_await turns(2);
    channel.reset();
    CHECK_AWAIT(blocked, awaited == "closed");
}

TEST_CASE("the close of the loop wakes producers", "[TH-13]") {
    std::optional<EventLoop> loop(std::in_place);
    FromThreadChannel<int> channel(1);
    loop->run_until_complete([](FromThreadChannel<int>* of) -> Task<> {
        CHECK_AWAIT(settle(of->get(0s)), awaited.error() != nullptr);
    }(&channel));
    channel.put(0);
    std::string outcome;
    std::thread producer([&] { outcome = put_outcome(channel.sender(), 1); });
    loop.reset();
    producer.join();
    CHECK(outcome == "closed");
}

TEST_CASE("the close of the loop wakes producers that nobody reads", "[TH-13]") {
    std::optional<FromThreadChannel<int>> channel;
    Gate blocked;
    std::atomic<bool> closed = false;
    {
        EventLoop loop;
        loop.call_soon([&] {
            channel.emplace(1);
            start_new_thread({.detach = false}, [&] {
                channel->put(0);
                blocked.open();
                try {
                    channel->put(1);
                } catch (const ChannelClosed&) {
                    closed = true;
                }
            });
        });
        loop.run_until_complete(turns(3));
        REQUIRE(blocked.wait());
    }
    CHECK(closed);
}

ASYNC_TEST_CASE("what a cancelled reader was given goes to the next", "[TH-13]") {
    FromThreadChannel<int> channel;
    auto first = create_task(get_one(&channel));
    auto second = create_task(get_one(&channel));
    co_await turns(2);
    channel.put(1);
    // Runs right after the call that gives the item to the first, before that resumes.
    EventLoop::current().call_soon_threadsafe([&first] { first.cancel(); });
    CHECK_AWAIT(second, awaited == 1);
    CHECK(first.cancelled());
    auto third = create_task(get_one(&channel));
    co_await turns(2);
    co_await cancel_tasks(third);
    channel.put(2);
    CHECK_AWAIT(channel.get(), awaited == 2);
}

ASYNC_TEST_CASE("what several cancelled readers were given keeps its order", "[TH-13]") {
    FromThreadChannel<int> channel;
    auto first = create_task(get_one(&channel));
    auto second = create_task(get_one(&channel));
    co_await turns(2);
    for (int item = 1; item <= 3; ++item) {
        channel.put(item);
    }
    // Runs right after the call that gives them an item each, before they resume.
    EventLoop::current().call_soon_threadsafe([&first, &second] {
        first.cancel();
        second.cancel();
    });
    while (!first.done() || !second.done()) {
        co_await turns();
    }
    CHECK(second.cancelled());
    for (int item = 1; item <= 3; ++item) {
        CHECK_AWAIT(channel.get(), awaited == item);
    }
}

ASYNC_TEST_CASE("the longest time limit is not over at once", "[TH-13]") {
    FromThreadChannel<int> channel;
    auto reading = create_task([](FromThreadChannel<int>* of) -> Task<int> {
        co_return co_await of->get(Duration::max());
    }(&channel));
    co_await turns(20);
    channel.put(7);
    CHECK_AWAIT(reading, awaited == 7);
}

ASYNC_TEST_CASE("readers are served in the order in which they came", "[TH-13]") {
    FromThreadChannel<int> channel;
    auto first = create_task(get_one(&channel));
    auto second = create_task(get_one(&channel));
    co_await turns(2);
    auto producing = run_in_new_thread(put_ten, std::ref(channel));
    CHECK_AWAIT(second, awaited == 1);
    CHECK_AWAIT(first, awaited == 0);
    co_await producing;
}

ASYNC_TEST_CASE("a full channel does not block the loop that reads it", "[TH-13]") {
    FromThreadChannel<int> channel(1);
    CHECK_AWAIT(settle(channel.get(0s)), awaited.error() != nullptr);
    channel.put(1);
    CHECK_THROWS_AS(channel.put(2), InvalidStateError);
    co_return;
}

TEST_CASE("a channel is read by one loop", "[TH-13]") {
    FromThreadChannel<int> channel;
    channel.put(1);
    channel.put(2);
    EventLoop first;
    EventLoop second;
    CHECK(first.run_until_complete(get_one(&channel)) == 1);
    CHECK_THROWS_AS(second.run_until_complete(get_one(&channel)), InvalidStateError);
}

ASYNC_TEST_CASE("many producers, one reader: nothing is lost", "[TH-13]") {
    constexpr int kProducers = 4;
    constexpr int kItems = 5000;
    FromThreadChannel<int> channel(16);
    std::vector<Future<>> producers;
    for (int producer = 0; producer < kProducers; ++producer) {
        producers.push_back(run_in_new_thread([sender = channel.sender(), producer]() mutable {
            for (int item = 0; item < kItems; ++item) {
                sender.put(producer * kItems + item);
            }
        }));
    }
    std::vector<int> last(kProducers, -1);
    bool in_order = true;
    for (int count = 0; count < kProducers * kItems; ++count) {
        const int item = co_await channel.get();
        in_order = in_order && last[item / kItems] == item % kItems - 1;
        last[item / kItems] = item % kItems;
    }
    CHECK(in_order);
    for (auto& producer : producers) {
        co_await producer;
    }
}

ASYNC_TEST_CASE("five hundred readers: the close wakes them all", "[TH-21][test_task_channel]") {
    FromThreadChannel<int> channel;
    std::vector<TaskHandle<std::vector<int>>> readers;
    for (int number = 0; number < 500; ++number) {
        readers.push_back(create_task(read_all(&channel)));
    }
    auto producing = run_in_new_thread([&channel] {
        for (int item = 0; item < 10000; ++item) {
            channel.put(item);
        }
        channel.close();
    });
    std::size_t items = 0;
    for (auto& reader : readers) {
        items += (co_await reader).size();
    }
    CHECK(items == 10000);
    co_await producing;
}
