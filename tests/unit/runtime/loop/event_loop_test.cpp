// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/event_loop.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/future.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

using Steps = std::vector<std::string>;

Task<> clean_up_when_cancelled(Steps* steps, CancelReason* reason) {
    try {
        co_await sleep(1h);
    } catch (const CancelledError& error) {
        *reason = error.reason();
    }
    co_await sleep(1ms);
    steps->push_back("cleaned up");
}

Task<> ignore_cancellation(std::shared_ptr<int> resource) {
    for (;;) {
        try {
            co_await sleep(std::chrono::hours(*resource));
        } catch (const CancelledError&) {  // NOLINT(bugprone-empty-catch): that is the point
        }
    }
}

/// Ends by starting another task.
Task<> leave_successor(Steps* steps, TaskHandle<>* successor, CancelReason* reason) {
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        *successor = create_task(clean_up_when_cancelled(steps, reason));
    }
}

Task<> stop_when_cancelled(EventLoop* loop, Steps* steps) {
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        loop->stop();
    }
    co_await sleep(1ms);
    steps->push_back("cleaned up");
}

Task<> await_event(Event* event) {
    co_await event->wait();
}

class Extension final : public detail::LoopExtension {
public:
    explicit Extension(EventLoop& event_loop) : loop(event_loop) {}

    ~Extension() override { ++destroyed; }

    EventLoop& loop;
    static inline int destroyed = 0;
};

class BeforePoll final : public detail::ReadyNode {
public:
    void run() noexcept override {
        ++runs;
        std::this_thread::sleep_for(duration);
    }

    int runs = 0;
    std::chrono::milliseconds duration{};
};

}  // namespace

ASYNC_TEST_CASE(
    "the loop of the thread is the one that runs",
    "[LP-03][test_event_loop_returns_loop_when_set]") {
    CHECK(static_cast<BasicLoop*>(&EventLoop::current()) == &current_loop());
    co_await turns();
}

TEST_CASE("without a running loop there is no current one") {
    CHECK_THROWS_AS(EventLoop::current(), InvalidStateError);
    CHECK(Scheduler::current_or_null() == nullptr);
}

VIRTUAL_TEST_CASE("a virtual loop is no EventLoop") {
    CHECK_THROWS_AS(EventLoop::current(), InvalidStateError);
    co_return;
}

ASYNC_TEST_CASE("a timer does not fire before its time", "[AS-10]") {
    auto& loop = EventLoop::current();
    for (const Duration delay : {Duration(100us), Duration(1ms), Duration(3ms), Duration(7500us)}) {
        const TimePoint due = loop.now() + delay;
        co_await sleep(delay);
        CHECK(loop.now() >= due);
    }
}

ASYNC_TEST_CASE("an earlier timer armed later fires first", "[AS-10]") {
    auto& loop = EventLoop::current();
    std::vector<int> order;
    loop.call_later(20ms, [&order] { order.push_back(2); });
    co_await sleep(1ms);
    loop.call_later(1ms, [&order] { order.push_back(1); });
    co_await sleep(40ms);
    CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE(
    "a timer that is overdue when the loop looks for events does not make it wait", "[AS-10]") {
    EventLoop loop;
    BeforePoll slow;
    slow.duration = 5ms;
    loop.before_poll(slow);
    loop.call_later(1ms, [&loop] { loop.stop(); });
    loop.run_forever();
    CHECK(slow.runs == 1);
}

TEST_CASE("calls from other threads run on the loop's thread, each thread's in order", "[AS-10]") {
    constexpr int kThreads = 4;
    constexpr int kCalls = 5000;
    EventLoop loop;
    const auto loop_thread = std::this_thread::get_id();
    // Without a lock: ThreadSanitizer objects if any call runs elsewhere.
    std::vector<int> last(kThreads, -1);
    int received = 0;
    bool in_order = true;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
            for (int call = 0; call < kCalls; ++call) {
                loop.call_soon_threadsafe([&, thread, call] {
                    in_order = in_order && last[thread] == call - 1 &&
                               std::this_thread::get_id() == loop_thread;
                    last[thread] = call;
                    if (++received == kThreads * kCalls) {
                        loop.stop();
                    }
                });
            }
        });
    }
    loop.run_forever();
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(received == kThreads * kCalls);
    CHECK(in_order);
}

TEST_CASE("a call from another thread wakes a loop that waits", "[AS-10]") {
    EventLoop loop;
    Event event;
    std::thread thread;
    loop.call_soon([&] {
        thread = std::thread([&] { loop.call_soon_threadsafe([&event] { event.set(); }); });
    });
    loop.run_until_complete(await_event(&event));
    thread.join();
}

TEST_CASE("a closed loop refuses calls from other threads, and drops those it has", "[AS-10]") {
    const auto resource = std::make_shared<int>(1);
    EventLoop loop;
    std::atomic<bool> go_on = true;
    std::atomic<int> refused = 0;
    std::thread thread([&, resource] {
        while (go_on) {
            try {
                loop.call_soon_threadsafe([resource] {});
            } catch (const ClosedError&) {
                ++refused;
                go_on = false;
            }
        }
    });
    loop.run_until_complete(turns(3));
    loop.close();
    thread.join();
    CHECK(loop.closed());
    CHECK(refused == 1);
    CHECK(resource.use_count() == 1);
}

TEST_CASE("close cancels what is left, and waits for its cleanup") {
    Steps steps;
    CancelReason reason{};
    EventLoop loop;
    auto task = loop.create_task(clean_up_when_cancelled(&steps, &reason));
    loop.run_until_complete(turns());
    loop.close();
    loop.close();
    CHECK(task.done());
    CHECK(steps == Steps{"cleaned up"});
    CHECK(reason == CancelReason::kShutdown);
}

TEST_CASE("a task that never started does not run when the loop closes") {
    Steps steps;
    CancelReason reason{};
    EventLoop loop;
    auto task = loop.create_task(clean_up_when_cancelled(&steps, &reason));
    loop.close();
    CHECK(task.cancelled());
    CHECK(steps.empty());
}

TEST_CASE("stop during the close does not cut it short") {
    Steps steps;
    EventLoop loop;
    auto task = loop.create_task(stop_when_cancelled(&loop, &steps));
    loop.run_until_complete(turns());
    loop.stop();
    loop.close();
    CHECK(task.done());
    CHECK(steps == Steps{"cleaned up"});
}

TEST_CASE("a task that swallows cancellation for ever is destroyed with its frame") {
    const StderrCapture captured;
    const auto resource = std::make_shared<int>(1);
    EventLoop loop;
    auto task = loop.create_task(ignore_cancellation(resource), "deaf");
    loop.run_until_complete(turns());
    CHECK(resource.use_count() == 2);
    loop.close(20ms);
    CHECK(resource.use_count() == 1);
    CHECK(task.cancelled());
    CHECK_THAT(captured.text(), contains("were destroyed: deaf"));
}

TEST_CASE("a task started while the loop closes is ended too") {
    const StderrCapture captured;
    Steps steps;
    CancelReason reason{};
    TaskHandle<> successor;
    EventLoop loop;
    auto task = loop.create_task(leave_successor(&steps, &successor, &reason));
    loop.run_until_complete(turns());
    loop.close(50ms);
    CHECK(task.done());
    CHECK(successor.done());
}

TEST_CASE("close drops callbacks and timers with what they captured") {
    const auto resource = std::make_shared<int>(1);
    EventLoop loop;
    loop.call_soon([resource] {});
    loop.call_later(1h, [resource] {});
    loop.call_later(0s, [resource] {});
    CHECK(resource.use_count() == 4);
    loop.close();
    CHECK(resource.use_count() == 1);
}

TEST_CASE("a future and its handle may outlive the loop") {
    Promise<int> promise;
    Future<int> future;
    TaskHandle<> task;
    {
        EventLoop loop;
        future = promise.get_future();
        task = loop.create_task(turns(1000));
        loop.run_until_complete(turns(2));
    }
    CHECK(task.cancelled());
    task.cancel();
    promise.set_value(3);
    CHECK(future.result() == 3);
}

TEST_CASE("an extension is made once, and dies with the loop") {
    Extension::destroyed = 0;
    EventLoop loop;
    Extension& first = loop.extension<Extension>();
    CHECK(&first.loop == &loop);
    CHECK(&loop.extension<Extension>() == &first);
    loop.close();
    CHECK(Extension::destroyed == 1);
}

TEST_CASE("a node registered for it runs before the loop looks for events") {
    EventLoop loop;
    BeforePoll node;
    BeforePoll cancelled;
    loop.before_poll(node);
    loop.before_poll(node);
    loop.before_poll(cancelled);
    loop.cancel_before_poll(cancelled);
    loop.call_later(1ms, [&loop] { loop.stop(); });
    loop.run_forever();
    CHECK(node.runs == 1);
    CHECK(cancelled.runs == 0);
}
