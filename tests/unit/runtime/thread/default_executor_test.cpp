// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/default_executor.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <memory>
#include <stdexcept>
#include <thread>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;

Task<int> call_twice(int value) {
    const int first = co_await run_in_executor([](int number) { return number + 1; }, value);
    auto second = run_in_executor(nullptr, [first] { return first * 2; });
    co_return co_await second;
}

}  // namespace

ASYNC_TEST_CASE("the default pool is made when it is asked for", "[AS-14][TH-07]") {
    CHECK(get_statistics<ThreadPoolStatistic>().empty());
    CHECK_AWAIT(call_twice(4), awaited == 10);
    CHECK(get_statistics<ThreadPoolStatistic>().front().name == "default");
    CHECK(&default_executor() == &default_executor(EventLoop::current()));
}

ASYNC_TEST_CASE("run_in_executor uses the pool it is given", "[TH-07]") {
    ThreadPoolExecutor pool(1);
    co_await run_in_executor(&pool, [] {});
    CHECK(pool.statistic().done.value() == 1);
    co_await pool.close();
}

TEST_CASE("the default pool ends with its loop", "[AS-14]") {
    Gate ended;
    {
        Gate started;
        EventLoop loop;
        loop.call_soon([&] {
            auto call = run_in_executor([&] {
                started.open();
                started.wait(2);
                ended.open();
            });
            REQUIRE(started.wait());
            started.open();
        });
        loop.run_until_complete(turns(2));
    }
    CHECK(ended.opened() == 1);  // the close waited
    CHECK(get_statistics<ThreadPoolStatistic>().empty());
}

TEST_CASE("a pool that is made the default belongs to the loop too", "[AS-14]") {
    const auto shared = std::make_shared<ThreadPoolExecutor>(1);
    {
        EventLoop loop;
        set_default_executor(loop, std::make_shared<ThreadPoolExecutor>(1));
        set_default_executor(loop, shared);
        CHECK(&default_executor(loop) == shared.get());
        CHECK(loop.run_until_complete(call_twice(1)) == 4);
        CHECK_THROWS_AS(set_default_executor(loop, nullptr), std::invalid_argument);
    }
    CHECK(shared.use_count() == 1);
    CHECK(shared->statistic().done.value() == 2);
    CHECK(shared->statistic().threads.value() == 1);  // it is ours still
}

TEST_CASE("new_event_loop makes a loop with a pool of that size", "[LP-01]") {
    const auto loop = new_event_loop({.pool_size = 1});
    CHECK(loop->run_until_complete(call_twice(1)) == 4);
    CHECK(default_executor(*loop).statistic().threads.value() == 1);
    CHECK_THROWS_AS(new_event_loop({.pool_size = 0}), std::invalid_argument);
    loop->close();
    CHECK_THROWS_AS(default_executor(*loop), ClosedError);
}
