// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/kj/event_port.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/kj/promise.h>

#include <stdexcept>
#include <thread>

using namespace aiomisc;
using namespace aiomisc::detail;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

kj::Promise<int> count_down(int left) {
    if (left == 0) {
        return 0;
    }
    return kj::evalLater([left] { return count_down(left - 1); });
}

Task<int> await_it(KjAwaitable<int> number) {
    co_return co_await number;
}

Task<int> await_number(kj::Promise<int> promise) {
    return await_it(from_kj(std::move(promise)));
}

}  // namespace

ASYNC_TEST_CASE("a loop has one KJ loop, which knows it") {
    EventLoop& loop = EventLoop::current();
    auto& first = loop.extension<KjLoop>();
    CHECK(&loop.extension<KjLoop>() == &first);
    CHECK(&first.loop() == &loop);
    co_return;
}

ASYNC_TEST_CASE("KJ runs whenever it has something to run, from any callback") {
    EventLoop& loop = EventLoop::current();
    loop.extension<KjLoop>();
    for (int round = 0; round < 100; ++round) {
        auto pair = kj::newPromiseAndFulfiller<int>();
        auto task = create_task(await_number(kj::mv(pair.promise)));
        auto handle = loop.call_later(
            round % 2 == 0 ? 0ms : 1ms, [&] { pair.fulfiller->fulfill(kj::cp(round)); });
        CHECK_AWAIT(task, awaited == round);
    }
}

ASYNC_TEST_CASE("what KJ does alone does not keep a loop from ending") {
    EventLoop::current().extension<KjLoop>();
    static_cast<void>(kj::newPromiseAndFulfiller<int>());
    co_return;
}

ASYNC_TEST_CASE("a long chain of KJ events comes to its end") {
    EventLoop::current().extension<KjLoop>();
    auto counting = await_number(count_down(10'000));
    CHECK_AWAIT(std::move(counting), awaited == 0);
}

ASYNC_TEST_CASE("an exception in a detached promise goes where KJ was told") {
    EventLoop::current().extension<KjLoop>();
    bool told = false;
    kj::evalLater([] {
        throw std::runtime_error("thrown in KJ");
    }).detach([&told](kj::Exception&&) { told = true; });
    co_await turns(3);
    CHECK(told);
}

TEST_CASE("loops one after the other, and in other threads, have KJ loops of their own") {
    const auto run_one = [] {
        EventLoop loop;
        const int value = loop.run_until_complete([]() -> Task<int> {
            EventLoop::current().extension<KjLoop>();
            auto three = kj::evalLater([] { return 3; });
            co_return co_await from_kj(kj::mv(three));
        }());
        loop.close();
        return value;
    };
    CHECK(run_one() == 3);
    CHECK(run_one() == 3);
    int in_thread = 0;
    std::thread([&] { in_thread = run_one(); }).join();
    CHECK(in_thread == 3);
}

TEST_CASE("a loop that is closed with work of KJ's left drops it") {
    bool ran = false;
    {
        EventLoop loop;
        kj::Promise<void> left = nullptr;
        loop.run_until_complete([](bool& was_run, kj::Promise<void>& promise) -> Task<> {
            EventLoop::current().extension<KjLoop>();
            promise = kj::evalLater([&was_run] { was_run = true; }).eagerlyEvaluate(nullptr);
            co_return;
        }(ran, left));
        left = nullptr;
        loop.close();
    }
    CHECK_FALSE(ran);
}
