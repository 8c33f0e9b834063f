// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/sync_await.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/current_task.h>
#include <aiomisc/runtime/thread/iterator_wrapper.h>
#include <aiomisc/runtime/thread/new_thread.h>
#include <aiomisc/runtime/thread/threaded.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

ContextVar<std::string> context_user("user", "nobody");

Task<int> twice(int value) {
    co_await sleep(1ms);
    co_return value * 2;
}

Task<int> fail() {
    co_await turns();
    throw std::runtime_error("in the loop");
}

Task<> cancel_itself() {
    current_task().cancel();
    co_await sleep(1h);
}

Task<> wait_for_ever(Gate* begun) {
    begun->open();
    co_await sleep(1h);
}

/// Takes its time to go, and counts when it is gone.
std::shared_ptr<void> slow_to_go(std::atomic<int>* gone) {
    return {gone, [gone](void*) {
                std::this_thread::sleep_for(50ms);  // who does not wait for it is far away by then
                ++*gone;
            }};
}

Task<int> hold(std::shared_ptr<void> argument, std::atomic<int>* gone, bool fails) {
    const auto local = slow_to_go(gone);
    co_await sleep(1ms);
    if (fails) {
        throw std::runtime_error("in the loop");
    }
    co_return static_cast<int>(argument.use_count());
}

/// What the call threw, described; or "value".
template <typename Call>
std::string outcome_of(Call&& call) {
    try {
        call();
        return "value";
    } catch (...) {
        return describe_exception(std::current_exception());
    }
}

}  // namespace

ASYNC_TEST_CASE(
    "a thread waits for a coroutine of a loop it names", "[TH-08][test_wait_coroutine_sync]") {
    const LoopRef loop(EventLoop::current());
    CHECK_AWAIT(
        run_in_executor([loop] { return sync_wait_coroutine(loop, twice, 21); }), awaited == 42);
    CHECK_AWAIT(run_in_executor([loop] { return sync_await(loop, twice, 4); }), awaited == 8);
    CHECK_AWAIT(run_in_executor([loop] { return wait_coroutine(twice(3), loop); }), awaited == 6);
}

ASYNC_TEST_CASE(
    "a thread that a loop started knows its loop",
    "[TH-08][test_wait_coroutine_sync_current_loop]") {
    CHECK_AWAIT(run_in_executor([] { return sync_await(twice, 4); }), awaited == 8);
    CHECK_AWAIT(run_in_executor([] { return wait_coroutine(twice(4)); }), awaited == 8);
    auto separate = run_in_new_thread([] { return sync_await(twice, 5); });
    CHECK_AWAIT(separate, awaited == 10);
    IteratorWrapper<int> items([](Yield<int>& yield) { yield(sync_await(twice, 6)); });
    CHECK_AWAIT(items.next(), awaited == 12);
}

ASYNC_TEST_CASE("what is awaited may be any awaitable", "[TH-08][test_wait_awaitable]") {
    auto call = run_in_executor([] {
        return sync_await([] { return create_task(twice(1)); }) +
               sync_await([](int value) { return run_in_executor([value] { return value; }); }, 5);
    });
    CHECK_AWAIT(call, awaited == 7);
}

ASYNC_TEST_CASE(
    "an error of the coroutine is thrown in the thread",
    "[TH-08][test_wait_coroutine_sync_exc][test_wait_coroutine_sync_exc_noloop]") {
    const LoopRef loop(EventLoop::current());
    CHECK_AWAIT(
        settle(run_in_executor([loop] { return sync_wait_coroutine(loop, fail); })),
        text_of(awaited) == "std::runtime_error: in the loop");
    CHECK_AWAIT(
        settle(run_in_executor([] { return sync_await(fail); })),
        text_of(awaited) == "std::runtime_error: in the loop");
    auto at_once = run_in_executor([] {
        return outcome_of([] {
            sync_await([]() -> Task<> { throw std::runtime_error("before the coroutine"); });
        });
    });
    CHECK_AWAIT(at_once, awaited == "std::runtime_error: before the coroutine");
}

TEST_CASE(
    "a thread that no loop started has none",
    "[TH-08][LP-03][test_event_loop_raises_when_not_set]") {
    CHECK_THROWS_WITH(sync_await(twice, 1), "no current event loop is set");
    CHECK_THROWS_AS(wait_coroutine(twice(1)), InvalidStateError);
    std::string outcome;
    std::thread([&outcome] { outcome = outcome_of([] { sync_await(twice, 1); }); }).join();
    CHECK_THAT(outcome, contains("no current event loop is set"));
}

ASYNC_TEST_CASE("what the coroutine held is gone when the thread goes on", "[TH-08]") {
    std::atomic<int> gone = 0;
    for (const bool fails : {false, true}) {
        auto call = run_in_executor([&gone, fails] {
            outcome_of([&] {
                auto function =
                    [&gone, fails, captured = slow_to_go(&gone)](std::shared_ptr<void> argument) {
                        return hold(std::move(argument), &gone, fails);
                    };
                sync_await(std::move(function), slow_to_go(&gone));
            });
            return gone.exchange(0);
        });
        // The capture, the argument, and what is local.
        CHECK_AWAIT(call, awaited == 3);
    }
}

ASYNC_TEST_CASE("a loop does not wait for itself", "[TH-08]") {
    const LoopRef loop(EventLoop::current());
    CHECK_THROWS_AS(sync_wait_coroutine(loop, twice, 1), InvalidStateError);
    CHECK_THROWS_AS(sync_await(twice, 1), InvalidStateError);
    co_return;
}

ASYNC_TEST_CASE("a cancelled task releases the thread", "[TH-08]") {
    auto call = run_in_executor([] { return outcome_of([] { sync_await(cancel_itself); }); });
    CHECK_AWAIT(call, awaited == "cancelled");
}

TEST_CASE("the close of the loop releases the thread", "[TH-08]") {
    Gate begun;
    std::string outcome;
    std::thread thread;
    {
        EventLoop loop;
        thread = std::thread([&outcome, &begun, reference = LoopRef(loop)] {
            outcome = outcome_of([&] { sync_wait_coroutine(reference, wait_for_ever, &begun); });
        });
        while (begun.opened() == 0) {
            loop.run_until_complete([]() -> Task<> { co_await sleep(1ms); }());
        }
    }
    thread.join();
    CHECK(outcome == "cancelled");
}

TEST_CASE("a loop that closes before it looks at the request releases the thread", "[TH-08]") {
    std::string outcome;
    std::thread thread;
    {
        EventLoop loop;
        thread = std::thread([&outcome, reference = LoopRef(loop)] {
            outcome = outcome_of([&] { sync_wait_coroutine(reference, twice, 1); });
        });
    }
    thread.join();
    CHECK(outcome == "aiomisc::ClosedError: the loop was closed");
}

TEST_CASE("a request that comes while the loop ends its tasks is refused", "[TH-08]") {
    EventLoop loop;
    std::string outcome;
    const auto lingering = loop.create_task([](LoopRef own, std::string* told) -> Task<> {
        bool cancelled = false;
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            cancelled = EventLoop::current().ending();
        }
        CHECK(cancelled);
        *told = co_await run_in_new_thread([own] {
            return outcome_of([&own] { sync_await(own, []() -> Task<> { co_await sleep(1h); }); });
        });
    }(loop, &outcome));
    loop.run_until_complete(turns(2));
    loop.end_tasks();
    CHECK(outcome == "cancelled");
    CHECK_FALSE(loop.ending());
    std::thread later([&outcome, reference = LoopRef(loop)] {
        outcome = outcome_of([&] { sync_await(reference, twice, 1); });
        reference.call_soon_threadsafe([] { EventLoop::current().stop(); });
    });
    loop.run_forever();
    later.join();
    CHECK(outcome == "value");
}

TEST_CASE("a closed loop refuses at once", "[TH-08]") {
    EventLoop loop;
    const LoopRef reference(loop);
    loop.close();
    CHECK_THROWS_AS(sync_wait_coroutine(reference, twice, 1), ClosedError);
    CHECK_THROWS_AS(wait_coroutine(twice(1), reference), ClosedError);
}

TEST_CASE("a call in the default pool that waits for its closing loop ends", "[TH-08][TH-20]") {
    Gate begun;
    Gate ended;
    {
        EventLoop loop;
        TaskHandle<> task = loop.create_task([](Gate* begin, Gate* end) -> Task<> {
            co_await run_in_executor([begin, end] {
                try {
                    sync_await(wait_for_ever, begin);
                } catch (const CancelledError&) {
                    end->open();
                }
            });
        }(&begun, &ended));
        while (begun.opened() == 0) {
            loop.run_until_complete([]() -> Task<> { co_await sleep(1ms); }());
        }
    }
    CHECK(ended.opened() == 1);
}

ASYNC_TEST_CASE("the context of the thread is that of the coroutine", "[TH-06][TH-08]") {
    context_user.set("alice");
    auto call = run_in_executor([] {
        context_user.set(context_user.get() + " in a thread");
        return sync_await([]() -> Task<std::string> { co_return context_user.get(); });
    });
    CHECK_AWAIT(call, awaited == "alice in a thread");
    CHECK(context_user.get() == "alice");
}

TEST_CASE("many threads wait for one loop that runs elsewhere", "[TH-08]") {
    EventLoop loop;
    const LoopRef reference(loop);
    std::thread runner([&loop] { loop.run_forever(); });
    std::vector<std::thread> threads;
    std::atomic<int> sum = 0;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&sum, reference] {
            for (int value = 0; value < 50; ++value) {
                sum +=
                    sync_await(reference, [](int number) -> Task<int> { co_return number; }, value);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(sync_await(loop, twice, 2) == 4);  // a loop that lives will do as well
    reference.call_soon_threadsafe([&loop] { loop.stop(); });
    runner.join();
    CHECK(sum == 4 * 49 * 25);
}
