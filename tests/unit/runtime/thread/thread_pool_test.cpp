// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/thread_pool.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

/// Two threads, both busy until let_go() is opened.
class BusyPool {
public:
    explicit BusyPool(const ThreadPoolOptions& options = {.max_workers = 2}) : pool(options) {}

    /// Affinity: loop.
    void occupy(int threads = 2) {
        for (int number = 0; number < threads; ++number) {
            running.push_back(pool.submit([this] {
                started.open();
                return let_go.wait();
            }));
        }
        REQUIRE(started.wait(threads));
    }

    Task<> finish() {
        let_go.open();
        for (auto& call : running) {
            CHECK_AWAIT(call, awaited);
        }
    }

    Gate started;
    Gate let_go;
    ThreadPoolExecutor pool;  // the gates outlive its threads
    std::vector<Future<bool>> running;
};

std::string thread_name() {
    std::array<char, 16> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    return name.data();
}

Task<int> await_call(Future<int> call) {
    co_return co_await call;
}

ContextVar<int> context_value("value", 0);

double statistic(std::string_view metric, const std::string& name) {
    for (const auto& value : get_statistics<ThreadPoolStatistic>()) {
        if (value.name == name && value.metric == metric) {
            return value.value;
        }
    }
    return -1;
}

}  // namespace

ASYNC_TEST_CASE("a call runs in a thread of the pool", "[TH-15]") {
    ThreadPoolExecutor pool;
    const auto here = std::this_thread::get_id();
    auto call = pool.submit(
        [](int a, int b) { return std::pair(a + b, std::this_thread::get_id()); }, 1, 2);
    const auto [sum, there] = co_await call;
    CHECK(sum == 3);
    CHECK(there != here);
    co_await pool.submit([] {});
    co_await pool.close();
}

ASYNC_TEST_CASE("four calls run at the same time", "[TH-14][test_simple]") {
    ThreadPoolExecutor pool(4);
    Gate inside;
    const auto meet = [&inside] {
        inside.open();
        return inside.wait(4);
    };
    auto [first, second, third, fourth] =
        co_await gather(pool.submit(meet), pool.submit(meet), pool.submit(meet), pool.submit(meet));
    CHECK((first && second && third && fourth));
    co_await pool.close();
}

ASYNC_TEST_CASE("arguments are moved in, and what is captured dies before the result is there") {
    ThreadPoolExecutor pool(1);
    const auto resource = std::make_shared<int>(7);
    auto call = pool.submit(
        [resource](std::unique_ptr<int> number) { return number; }, std::make_unique<int>(3));
    const std::unique_ptr<int> number = co_await call;
    CHECK(*number == 3);
    CHECK(resource.use_count() == 1);
    co_await pool.close();
}

ASYNC_TEST_CASE("a member function is called on what is passed first", "[TH-02]") {
    struct Counter {
        int add(int by) { return count += by; }

        int count = 1;
    };

    ThreadPoolExecutor pool(1);
    Counter counter;
    CHECK_AWAIT(pool.submit(&Counter::add, &counter, 2), awaited == 3);
    CHECK_AWAIT(pool.submit(&Counter::add, counter, 5), awaited == 8);
    CHECK(counter.count == 3);
    co_await pool.close();
}

ASYNC_TEST_CASE("ninety failing calls all report their error", "[TH-15][test_threaded_exc]") {
    ThreadPoolExecutor pool(4);
    std::vector<Future<int>> calls;
    for (int number = 0; number < 90; ++number) {
        calls.push_back(pool.submit(
            [](int value) -> int { throw std::runtime_error(std::to_string(value)); }, number));
    }
    for (int number = 0; number < 90; ++number) {
        const auto outcome = co_await settle(std::move(calls[number]));
        CHECK(text_of(outcome) == "std::runtime_error: " + std::to_string(number));
    }
    CHECK(pool.statistic().error.value() == 90);
    co_await pool.close();
}

ASYNC_TEST_CASE("what is thrown may be no exception of ours") {
    ThreadPoolExecutor pool(1);
    const auto number = co_await settle(pool.submit([] { throw 42; }));
    CHECK(text_of(number) == "int");
    co_await pool.close();
}

ASYNC_TEST_CASE("threads double when all are busy, up to the limit, and stay", "[TH-14]") {
    BusyPool busy({.max_workers = 7, .statistic_name = "growing"});
    const auto& threads = busy.pool.statistic().threads;
    CHECK(threads.value() == 2);
    std::vector<double> seen;
    for (int call = 1; call <= 9; ++call) {
        busy.running.push_back(busy.pool.submit([&busy] { return busy.let_go.wait(); }));
        seen.push_back(threads.value());
    }
    CHECK(seen == std::vector<double>{2, 2, 4, 4, 7, 7, 7, 7, 7});
    co_await busy.finish();
    CHECK(threads.value() == 7);
    co_await busy.pool.close();
    CHECK(threads.value() == 0);
}

ASYNC_TEST_CASE("a pool of one starts one thread", "[TH-14]") {
    ThreadPoolExecutor pool(1);
    CHECK(pool.statistic().threads.value() == 1);
    co_await pool.close();
}

TEST_CASE("the default size is that of the machine, within bounds", "[TH-14][EP-05]") {
    const std::size_t processors = std::thread::hardware_concurrency();
    CHECK(default_pool_size() == std::min<std::size_t>(std::max<std::size_t>(processors, 4), 32));
    CHECK_THROWS_AS(ThreadPoolExecutor(0), std::invalid_argument);
}

ASYNC_TEST_CASE("threads are named after the pool", "[TH-14]") {
    ThreadPoolExecutor pool({.max_workers = 1, .statistic_name = "reader"});
    CHECK_AWAIT(pool.submit(thread_name), awaited == "reader-1");
    ThreadPoolExecutor long_named({.max_workers = 1, .statistic_name = "a-rather-long-name"});
    CHECK_AWAIT(long_named.submit(thread_name), awaited == "a-rather-long-1");
    co_await pool.close();
    co_await long_named.close();
}

ASYNC_TEST_CASE("calls begin in the order of submission", "[TH-14]") {
    ThreadPoolExecutor pool(1);
    std::vector<int> order;  // only the one thread writes; the last await orders it before us
    std::vector<Future<>> calls;
    for (int number = 0; number < 100; ++number) {
        calls.push_back(pool.submit([&order, number] { order.push_back(number); }));
    }
    for (auto& call : calls) {
        co_await call;
    }
    for (int number = 0; number < 100; ++number) {
        CHECK(order[number] == number);
    }
    co_await pool.close();
}

ASYNC_TEST_CASE(
    "each call sees the context of its submission", "[TH-06][AS-13][test_context_vars]") {
    ThreadPoolExecutor pool(2);
    std::vector<Future<int>> calls;
    for (int number = 0; number < 16; ++number) {
        context_value.set(number);
        calls.push_back(pool.submit([] {
            const int seen = context_value.get();
            context_value.set(-1);  // nobody else's business
            return seen;
        }));
    }
    for (int number = 0; number < 16; ++number) {
        CHECK_AWAIT(calls[number], awaited == number);
    }
    CHECK(context_value.get() == 15);
    co_await pool.close();
}

ASYNC_TEST_CASE("a call that waits, and is given up, leaves the queue", "[TH-05]") {
    BusyPool busy;
    busy.occupy();
    const auto resource = std::make_shared<int>(1);
    std::atomic<int> runs = 0;
    auto waiting = busy.pool.submit([&runs, resource] { ++runs; });
    auto kept = busy.pool.submit([&runs] { ++runs; });
    waiting.cancel();
    CHECK(waiting.cancelled());
    CHECK(resource.use_count() == 1);  // at once, not when a thread comes by
    co_await busy.finish();
    co_await kept;
    CHECK(runs == 1);
    co_await busy.pool.close();
    CHECK(busy.pool.statistic().done.value() == 3);
    CHECK(busy.pool.statistic().submitted.value() == 4);
}

ASYNC_TEST_CASE(
    "cancelling the awaiting task frees it at once, and not the thread", "[TH-05][W-23]") {
    BusyPool busy;
    Gate finished;
    Gate started;
    auto task = create_task(await_call(busy.pool.submit([&] {
        started.open();
        busy.let_go.wait();
        finished.open();
        return 1;
    })));
    REQUIRE(started.wait());
    co_await turns();
    co_await cancel_tasks(task);
    CHECK(task.cancelled());
    CHECK(finished.opened() == 0);
    busy.let_go.open();
    CHECK(finished.wait());
    co_await busy.pool.close();
    CHECK(busy.pool.statistic().success.value() == 1);
}

ASYNC_TEST_CASE("a time limit on a call ends the wait", "[TH-05]") {
    BusyPool busy;
    busy.occupy();
    const auto late = co_await settle(wait_for(busy.pool.submit([] { return 1; }), 1ms));
    CHECK(late.error() != nullptr);
    CHECK_THAT(text_of(late), contains("TimeoutError"));
    co_await busy.finish();
    co_await busy.pool.close();
}

ASYNC_TEST_CASE("a thousand cancelled calls: the pool ends at once", "[TH-05][test_cancel]") {
    BusyPool busy({.max_workers = 4});
    busy.occupy(4);
    std::atomic<int> runs = 0;
    std::vector<Future<int>> calls;
    for (int number = 0; number < 1000; ++number) {
        calls.push_back(busy.pool.submit([&runs] { return ++runs; }));
    }
    co_await cancel_tasks(calls);
    for (const auto& call : calls) {
        CHECK(call.cancelled());
    }
    co_await busy.finish();
    co_await busy.pool.close();
    CHECK(runs == 0);
}

ASYNC_TEST_CASE(
    "a future that ended before its thread does no harm",
    "[TH-05][test_future_already_done][test_failed_future_already_done]") {
    ThreadPoolExecutor pool(2);
    std::vector<Future<>> calls;
    for (int number = 0; number < 200; ++number) {
        calls.push_back(pool.submit([number] {
            if (number % 2 == 0) {
                throw std::runtime_error("nobody sees this");
            }
        }));
        if (number % 3 == 0) {
            calls.back().cancel();
        }
    }
    calls.clear();  // some run now, some have run, some never will
    CHECK_AWAIT(pool.submit([] { return 1; }), awaited == 1);
    co_await pool.close();
}

ASYNC_TEST_CASE("what a call returned is released with its future", "[test_future_gc][W-23]") {
    ThreadPoolExecutor pool(1);
    std::weak_ptr<int> watch;
    {
        auto call = pool.submit([] { return std::make_shared<int>(1); });
        const std::shared_ptr<int> value = co_await call;
        watch = value;
        CHECK(*value == 1);
    }
    CHECK(watch.expired());
    {
        Gate done;
        auto never_read = pool.submit([&] {
            auto value = std::make_shared<int>(2);
            watch = value;
            return value;
        });
        co_await pool.submit([&done] { done.open(); });
        CHECK(done.wait());
    }
    CHECK(watch.expired());
    co_await pool.close();
}

ASYNC_TEST_CASE(
    "shutdown fails what waits and what runs, at once",
    "[TH-20][test_future_when_pool_shutting_down]") {
    BusyPool busy;
    busy.occupy();
    std::atomic<int> runs = 0;
    auto waiting = busy.pool.submit([&runs] { ++runs; });
    busy.pool.shutdown();
    CHECK(waiting.done());
    CHECK(busy.running.front().done());
    busy.pool.shutdown();
    const std::string expected = "aiomisc::ThreadPoolException: Pool closed";
    CHECK_AWAIT(settle(std::move(waiting)), text_of(awaited) == expected);
    for (auto& call : busy.running) {
        CHECK_AWAIT(settle(std::move(call)), text_of(awaited) == expected);
    }
    CHECK_THROWS_WITH(busy.pool.submit([] {}), "Pool is shutdown");
    CHECK_THROWS_AS(busy.pool.submit([] {}), InvalidStateError);
    busy.let_go.open();
    co_await busy.pool.close();
    CHECK(runs == 0);
}

ASYNC_TEST_CASE("a pool may be shut down by any thread", "[TH-20]") {
    BusyPool busy;
    busy.occupy();
    auto waiting = busy.pool.submit([] {});
    std::thread([&busy] { busy.pool.shutdown(); }).join();
    CHECK_AWAIT(
        settle(std::move(waiting)),
        text_of(awaited) == "aiomisc::ThreadPoolException: Pool closed");
    for (auto& call : busy.running) {
        CHECK_AWAIT(settle(std::move(call)), awaited.error() != nullptr);
    }
    busy.let_go.open();
    co_await busy.pool.close();
}

ASYNC_TEST_CASE("close does not block the loop", "[TH-20]") {
    BusyPool busy;
    busy.occupy();
    auto closing = create_task(busy.pool.close());
    co_await turns(3);
    CHECK_FALSE(closing.done());
    busy.let_go.open();
    co_await closing;
    co_await busy.pool.close();  // again
    for (auto& call : busy.running) {
        CHECK_AWAIT(settle(std::move(call)), awaited.error() != nullptr);
    }
}

ASYNC_TEST_CASE("close gives up on a thread that does not end, and says so", "[TH-20]") {
    const auto gate = std::make_shared<Gate>();
    const auto ended = std::make_shared<Gate>();
    {
        const StderrCapture captured;
        ThreadPoolExecutor pool({.max_workers = 1, .statistic_name = "stuck"});
        const auto started = std::make_shared<Gate>();
        auto call = pool.submit([gate, ended, started] {
            started->open();
            gate->wait();
            ended->open();
        });
        REQUIRE(started->wait());
        co_await pool.close(1ms);
        CHECK_THAT(
            captured.text(),
            contains("pool \"stuck\" is closed, and 1 of its threads have not ended"));
        CHECK_AWAIT(settle(std::move(call)), awaited.error() != nullptr);
    }
    gate->open();  // the pool is gone by now, its thread is not
    CHECK(ended->wait());
}

ASYNC_TEST_CASE("a pool that dies with calls in it fails them", "[TH-20]") {
    Gate let_go;
    Gate started;
    std::optional<ThreadPoolExecutor> pool(std::in_place, 1);
    auto running = pool->submit([&] {
        started.open();
        let_go.wait();
    });
    // The running call is let go when those that wait are dropped.
    std::shared_ptr<void> last_words(nullptr, [&let_go](void*) { let_go.open(); });
    std::atomic<int> runs = 0;
    std::vector<Future<>> waiting;
    for (int number = 0; number < 100; ++number) {
        waiting.push_back(pool->submit([&runs, words = last_words] { ++runs; }));
    }
    REQUIRE(started.wait());
    last_words.reset();
    pool.reset();  // blocks until the running call has ended
    CHECK_AWAIT(
        settle(std::move(running)),
        text_of(awaited) == "aiomisc::ThreadPoolException: Pool closed");
    for (auto& call : waiting) {
        CHECK(call.done());
        CHECK(call.exception() != nullptr);
    }
    CHECK(runs == 0);
}

ASYNC_TEST_CASE("a call may destroy the pool that runs it") {
    auto pool = std::make_unique<ThreadPoolExecutor>(2);
    auto& owner = *pool;
    Gate gone;
    auto call = owner.submit([&gone, pool = std::move(pool)]() mutable {
        pool.reset();
        gone.open();
    });
    CHECK(gone.wait());
    CHECK_AWAIT(
        settle(std::move(call)), text_of(awaited) == "aiomisc::ThreadPoolException: Pool closed");
}

ASYNC_TEST_CASE("a queue at its limit refuses, and takes again when a call gave up") {
    BusyPool busy({.max_workers = 1, .max_queue = 2});
    busy.occupy(1);
    auto first = busy.pool.submit([] { return 1; });
    auto second = busy.pool.submit([] { return 2; });
    CHECK_THROWS_AS(busy.pool.submit([] { return 3; }), ThreadPoolFull);
    first.cancel();
    auto third = busy.pool.submit([] { return 3; });
    co_await busy.finish();
    CHECK_AWAIT(second, awaited == 2);
    CHECK_AWAIT(third, awaited == 3);
    co_await busy.pool.close();
}

TEST_CASE("submit needs a running loop", "[TH-15]") {
    ThreadPoolExecutor pool(1);
    CHECK_THROWS_AS(pool.submit([] {}), InvalidStateError);
    CHECK(pool.statistic().submitted.value() == 0);
}

ASYNC_TEST_CASE("the statistics of a pool", "[TH-16][ST-04]") {
    ThreadPoolExecutor pool({.max_workers = 2, .statistic_name = "counted"});
    const TimePoint begin = Clock::now();
    co_await pool.submit([] { std::this_thread::sleep_for(2ms); });
    CHECK_AWAIT(settle(pool.submit([] { throw 1; })), awaited.error() != nullptr);
    CHECK(statistic("threads", "counted") == 2);
    CHECK(statistic("submitted", "counted") == 2);
    CHECK(statistic("done", "counted") == 2);
    CHECK(statistic("success", "counted") == 1);
    CHECK(statistic("error", "counted") == 1);
    CHECK(statistic("sum_time", "counted") >= 0.002);
    CHECK(
        statistic("sum_time", "counted") <=
        std::chrono::duration<double>(Clock::now() - begin).count());
    co_await pool.close();
}

TEST_CASE("a loop that closes while its calls run: they end unobserved", "[TH-05]") {
    Gate let_go;
    Gate started;
    ThreadPoolExecutor pool(2);
    std::optional<EventLoop> loop(std::in_place);
    auto task =
        loop->create_task([](ThreadPoolExecutor* where, Gate* begun, Gate* go) -> Task<int> {
            co_return co_await where->submit([begun, go] {
                begun->open();
                go->wait();
                return 1;
            });
        }(&pool, &started, &let_go));
    loop->run_until_complete(turns(2));
    REQUIRE(started.wait());
    loop.reset();
    CHECK(task.cancelled());
    let_go.open();
    CHECK(wait_until([&] { return pool.statistic().done.value() == 1; }, 30s));
}

TEST_CASE(
    "a future that outlives its loop is cancelled, and the late result is warned of", "[TH-05]") {
    const StderrCapture captured;
    Gate started;
    Gate let_go;
    Future<bool> call;
    ThreadPoolExecutor pool(1);
    {
        EventLoop loop;
        loop.call_soon([&] {
            call = pool.submit([&] {
                started.open();
                return let_go.wait();
            });
        });
        loop.run_until_complete(turns(2));
        REQUIRE(started.wait());
    }
    CHECK(call.cancelled());
    let_go.open();
    CHECK(wait_until(
        [&] { return captured.text().find("its loop is closed") != std::string::npos; }, 30s));
}

TEST_CASE("a result that the closing loop has not looked at is not lost", "[TH-05]") {
    Gate let_go;
    Gate reported;
    Future<int> value;
    Future<int> error;
    Future<> last;
    ThreadPoolExecutor pool(1);
    {
        EventLoop loop;
        loop.call_soon([&] {
            value = pool.submit([&] { return let_go.wait() ? 7 : 0; });
            error = pool.submit([]() -> int { throw std::runtime_error("told"); });
            // The only thread has reported the others when it comes to this one.
            last = pool.submit([&] { reported.open(); });
        });
        loop.run_until_complete(turns(2));
        let_go.open();
        REQUIRE(reported.wait());
    }
    CHECK(last.done());
    REQUIRE_FALSE(value.cancelled());
    CHECK(value.result() == 7);
    REQUIRE(error.exception() != nullptr);
    CHECK(describe_exception(error.exception()) == "std::runtime_error: told");
}

TEST_CASE("a pool serves several loops, each in its own thread") {
    ThreadPoolExecutor pool(4);
    std::atomic<int> right = 0;
    const auto serve = [&pool, &right] {
        EventLoop loop;
        loop.run_until_complete([](ThreadPoolExecutor* where, std::atomic<int>* count) -> Task<> {
            for (int number = 0; number < 200; ++number) {
                auto call = where->submit([number] { return number; });
                *count += co_await call == number ? 1 : 0;
            }
        }(&pool, &right));
    };
    std::thread first(serve);
    std::thread second(serve);
    first.join();
    second.join();
    CHECK(right == 400);
}

TEST_CASE("loops that come and go while their calls run", "[TH-05]") {
    const StderrCapture captured;  // it warns of results that come too late
    ThreadPoolExecutor pool(4);
    std::atomic<int> runs = 0;
    for (int round = 0; round < 50; ++round) {
        EventLoop loop;
        std::vector<Future<int>> calls;
        loop.call_soon([&] {
            for (int number = 0; number < 20; ++number) {
                calls.push_back(pool.submit([&runs] { return ++runs; }));
            }
        });
        loop.run_until_complete(turns(round % 4));
        loop.close();
        for (const auto& call : calls) {
            CHECK(call.done());
        }
    }
    // What began has ended, what had not was withdrawn.
    CHECK(wait_until([&] { return pool.statistic().done.value() == runs; }, 30s));
}
