// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/loop_ref.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/loop/event_loop.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::test;

TEST_CASE("a reference to no loop is one to a closed loop") {
    const LoopRef none;
    CHECK_FALSE(none);
    CHECK(none.closed());
    CHECK_FALSE(none.is_current());
    CHECK_FALSE(none.call_soon_threadsafe([] { FAIL("there is nobody to run this"); }));
}

ASYNC_TEST_CASE("a reference knows whether its loop runs in this thread") {
    const LoopRef here(EventLoop::current());
    CHECK(here.is_current());
    CHECK_FALSE(here.closed());
    bool elsewhere = true;
    std::thread([&] { elsewhere = here.is_current(); }).join();
    CHECK_FALSE(elsewhere);
    co_return;
}

TEST_CASE("a reference outlives its loop, and refuses calls from then on") {
    const auto resource = std::make_shared<int>(1);
    std::optional<EventLoop> loop(std::in_place);
    const LoopRef reference(*loop);
    int runs = 0;
    CHECK(reference.call_soon_threadsafe([&] {
        ++runs;
        loop->stop();
    }));
    loop->run_forever();
    CHECK(runs == 1);
    loop.reset();
    CHECK(reference);
    CHECK(reference.closed());
    CHECK_FALSE(reference.call_soon_threadsafe([resource] {}));
    CHECK(resource.use_count() == 1);
}

TEST_CASE("threads may call a loop that is destroyed meanwhile") {
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    {
        EventLoop loop;
        for (int number = 0; number < 4; ++number) {
            threads.emplace_back([&refused, reference = LoopRef(loop)] {
                while (reference.call_soon_threadsafe([] {})) {
                }
                ++refused;
            });
        }
        loop.run_until_complete(turns(3));
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(refused == 4);
}
