// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/iterator_wrapper.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/cancel_tasks.h>

#include <atomic>
#include <cstdlib>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

template <typename Iterator>
Task<std::vector<int>> read_all(Iterator* items) {
    std::vector<int> all;
    while (auto item = co_await items->next()) {
        all.push_back(*item);
    }
    co_return all;
}

/// What a producer leaves on its stack: opens a gate when it is cleaned up.
class CleanUp {
public:
    explicit CleanUp(Gate& gate) : gate_(gate) {}

    CleanUp(const CleanUp&) = delete;
    CleanUp& operator=(const CleanUp&) = delete;

    ~CleanUp() { gate_.open(); }

private:
    Gate& gate_;
};

/// Yields for ever.
auto endless(Gate& cleaned_up) {
    return [&cleaned_up](Yield<int>& yield) {
        const CleanUp clean_up(cleaned_up);
        for (int item = 0;; ++item) {
            yield(item);
        }
    };
}

double statistic(const std::string& name, std::string_view metric) {
    for (const auto& value : get_statistics<IteratorWrapperStatistic>()) {
        if (value.name == name && value.metric == metric) {
            return value.value;
        }
    }
    return -1;
}

const std::vector<int> kThree{0, 1, 2};

}  // namespace

ASYNC_TEST_CASE("items come in order, then nothing", "[TH-10][test_threaded_generator]") {
    for (const std::size_t size : {0, 1, 2, 100}) {
        IteratorWrapper<int> items(
            [](Yield<int>& yield) {
                for (int item = 0; item < 100; ++item) {
                    yield(item);
                }
            },
            {.max_size = size});
        const auto all = co_await read_all(&items);
        REQUIRE(all.size() == 100);
        for (int item = 0; item < 100; ++item) {
            CHECK(all[item] == item);
        }
        CHECK_AWAIT(items.next(), !awaited.has_value());
    }
}

ASYNC_TEST_CASE("with a thread of its own", "[TH-10]") {
    IteratorWrapperSeparate<int> items(kThree);
    CHECK_AWAIT(read_all(&items), awaited == kThree);
}

ASYNC_TEST_CASE("any iterable will do", "[TH-12]") {
    IteratorWrapper<int> list(std::list<int>{0, 1, 2});
    CHECK_AWAIT(read_all(&list), awaited == kThree);
    IteratorWrapper<int> made([] { return kThree; });
    CHECK_AWAIT(read_all(&made), awaited == kThree);
    IteratorWrapper<int> pulled(
        [next = 0]() mutable { return next < 3 ? std::optional<int>(next++) : std::nullopt; });
    CHECK_AWAIT(read_all(&pulled), awaited == kThree);
    IteratorWrapper<std::unique_ptr<int>> moved(
        [](Yield<std::unique_ptr<int>>& yield) { yield(std::make_unique<int>(7)); });
    const auto item = co_await moved.next();
    REQUIRE(item.has_value());
    CHECK(**item == 7);
    CHECK_AWAIT(moved.next(), !awaited.has_value());
}

ASYNC_TEST_CASE(
    "the producer starts with the first next",
    "[TH-10][X9][test_threaded_generator_starts_on_iteration]") {
    std::atomic<int> started = 0;
    IteratorWrapper<int> items([&started](Yield<int>& yield) {
        ++started;
        yield(1);
    });
    co_await run_in_executor([] {});  // a thread would have begun it before this
    CHECK(started == 0);
    CHECK_AWAIT(items.next(), awaited == 1);
    CHECK(started == 1);
    CHECK_AWAIT(items.next(), !awaited.has_value());
    CHECK(started == 1);
}

ASYNC_TEST_CASE("an error comes after all items", "[TH-10][test_threaded_generator_exception]") {
    IteratorWrapper<int> items([](Yield<int>& yield) {
        yield(0);
        yield(1);
        throw std::runtime_error("no more");
    });
    CHECK_AWAIT(items.next(), awaited == 0);
    CHECK_AWAIT(items.next(), awaited == 1);
    CHECK_AWAIT(settle(items.next()), text_of(awaited) == "std::runtime_error: no more");
    CHECK_AWAIT(items.next(), !awaited.has_value());
}

ASYNC_TEST_CASE(
    "a producer that fails before its first item fails the first next",
    "[TH-12][test_threaded_generator_func_raises][test_threaded_generator_non_generator_raises]") {
    IteratorWrapper<int> items([]() -> std::vector<int> { throw std::runtime_error("at once"); });
    CHECK_AWAIT(settle(items.next()), text_of(awaited) == "std::runtime_error: at once");
}

ASYNC_TEST_CASE(
    "the producer is blocked while enough items wait",
    "[TH-10][test_threaded_generator_max_size]") {
    std::atomic<int> yielded = 0;
    IteratorWrapper<int> items(
        [&yielded](Yield<int>& yield) {
            for (int item = 0; item < 5; ++item) {
                yield(item);
                ++yielded;
            }
        },
        {.max_size = 1, .statistic_name = "bounded"});
    CHECK_AWAIT(items.next(), awaited == 0);
    CHECK(wait_until([&] { return yielded == 2; }, 30s));
    CHECK(statistic("bounded", "queue_length") == 1);
    for (int item = 1; item < 5; ++item) {
        CHECK_AWAIT(items.next(), awaited == item);
    }
    CHECK_AWAIT(items.next(), !awaited.has_value());
}

ASYNC_TEST_CASE(
    "close wakes a producer that waits for room, and its cleanup runs",
    "[TH-11][W-11][test_threaded_generator_close][test_threaded_generator_close_cm]") {
    Gate cleaned_up;
    IteratorWrapper<int> items(endless(cleaned_up), {.max_size = 2});
    CHECK_AWAIT(items.next(), awaited == 0);
    co_await items.close();
    CHECK(cleaned_up.opened() == 1);  // close() waited for it
    co_await items.close();
    // What was there may still be read.
    std::vector<int> rest = co_await read_all(&items);
    CHECK(rest.size() <= 3);
    CHECK_AWAIT(items.next(), !awaited.has_value());
}

ASYNC_TEST_CASE("close of one that never started does not hang", "[TH-11]") {
    Gate cleaned_up;
    IteratorWrapper<int> items(endless(cleaned_up));
    co_await items.close();
    CHECK_AWAIT(items.next(), !awaited.has_value());
    IteratorWrapperSeparate<int> separate(endless(cleaned_up));
    co_await separate.close();
    CHECK_AWAIT(separate.next(), !awaited.has_value());
    CHECK(cleaned_up.opened() == 0);
}

ASYNC_TEST_CASE("close of one that waits for a thread takes it from the queue", "[TH-11]") {
    ThreadPoolExecutor pool(1);
    Gate let_go;
    auto blocking = pool.submit([&let_go] { return let_go.wait(); });
    Gate cleaned_up;
    IteratorWrapper<int> items(endless(cleaned_up), {.executor = &pool});
    auto reading = create_task(items.next());
    co_await turns(2);
    co_await items.close();  // though the only thread is busy
    CHECK_AWAIT(reading, !awaited.has_value());
    let_go.open();
    CHECK_AWAIT(blocking, awaited);
    CHECK(cleaned_up.opened() == 0);
    co_await pool.close();
    CHECK(pool.statistic().done.value() == 1);
}

ASYNC_TEST_CASE(
    "an iterator that is dropped ends its producer",
    "[TH-11][test_threaded_generator_close_break]") {
    Gate cleaned_up;
    {
        IteratorWrapper<int> items(endless(cleaned_up), {.max_size = 1});
        CHECK_AWAIT(items.next(), awaited == 0);
    }
    CHECK(cleaned_up.wait());
    {
        IteratorWrapperSeparate<int> items(endless(cleaned_up), {.max_size = 1});
        CHECK_AWAIT(items.next(), awaited == 0);
    }
    CHECK(cleaned_up.wait(2));
}

ASYNC_TEST_CASE("an iterator that is assigned to ends its producer", "[TH-11]") {
    Gate cleaned_up;
    IteratorWrapper<int> items(endless(cleaned_up), {.max_size = 1});
    CHECK_AWAIT(items.next(), awaited == 0);
    items = IteratorWrapper<int>(kThree);
    CHECK(cleaned_up.wait());
    CHECK_AWAIT(read_all(&items), awaited == kThree);
}

ASYNC_TEST_CASE("a producer may swallow the close, and end", "[TH-11]") {
    std::atomic<int> refused = 0;
    IteratorWrapper<int> items(
        [&refused](Yield<int>& yield) {
            for (int item = 0; refused < 3; ++item) {
                try {
                    yield(item);
                } catch (const ChannelClosed&) {
                    ++refused;
                }
            }
        },
        {.max_size = 1});
    CHECK_AWAIT(items.next(), awaited == 0);
    co_await items.close();
    CHECK(refused == 3);
}

ASYNC_TEST_CASE("an error of the cleanup reaches the reader, or the loop's handler", "[TH-11]") {
    const auto fail_at_close = [](Yield<int>& yield) {
        try {
            for (;;) {
                yield(0);
            }
        } catch (const ChannelClosed&) {
            throw std::runtime_error("cleanup failed");
        }
    };
    {
        IteratorWrapper<int> items(fail_at_close, {.max_size = 1});
        CHECK_AWAIT(items.next(), awaited == 0);
        co_await items.close();
        const auto outcome = co_await settle(read_all(&items));
        CHECK(text_of(outcome) == "std::runtime_error: cleanup failed");
    }
    {
        IteratorWrapper<int> items(fail_at_close, {.max_size = 1});
        CHECK_AWAIT(items.next(), awaited == 0);
        co_await items.close();
    }
    const auto errors = unhandled_errors()->take();
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors.front(), contains("cleanup failed"));
}

ASYNC_TEST_CASE("a cancelled next takes nothing", "[TH-10]") {
    Gate go_on;
    IteratorWrapper<int> items([&go_on](Yield<int>& yield) {
        go_on.wait();
        yield(1);
    });
    auto reading = create_task(items.next());
    co_await turns(3);
    co_await cancel_tasks(reading);
    CHECK(reading.cancelled());
    go_on.open();
    CHECK_AWAIT(items.next(), awaited == 1);
}

ASYNC_TEST_CASE("when its pool is shut down, items that are there come first", "[TH-20][TH-10]") {
    auto pool = std::make_unique<ThreadPoolExecutor>(1);
    Gate cleaned_up;
    IteratorWrapper<int> items(endless(cleaned_up), {.max_size = 2, .executor = pool.get()});
    CHECK_AWAIT(items.next(), awaited == 0);
    co_await pool->close();  // does not wait for a producer that nobody wakes
    CHECK(cleaned_up.opened() == 1);
    const auto outcome = co_await settle(read_all(&items));
    CHECK(text_of(outcome) == "aiomisc::ThreadPoolException: Pool closed");
}

ASYNC_TEST_CASE("an iterator whose producer cannot start has ended", "[TH-10]") {
    ThreadPoolExecutor pool(1);
    pool.shutdown();
    IteratorWrapper<int> items(kThree, {.executor = &pool});
    CHECK_AWAIT(
        settle(items.next()), text_of(awaited) == "aiomisc::InvalidStateError: Pool is shutdown");
    CHECK_AWAIT(items.next(), !awaited.has_value());
    co_await items.close();
    co_await pool.close();
}

TEST_CASE("the close of the loop ends producers", "[TH-11]") {
    Gate cleaned_up;
    std::optional<IteratorWrapper<int>> in_pool;
    std::optional<IteratorWrapperSeparate<int>> separate;
    {
        EventLoop loop;
        loop.run_until_complete([](auto* first, auto* second, Gate* gate) -> Task<> {
            first->emplace(endless(*gate), IteratorOptions{.max_size = 1});
            second->emplace(endless(*gate), IteratorOptions{.max_size = 1});
            CHECK_AWAIT((*first)->next(), awaited == 0);
            CHECK_AWAIT((*second)->next(), awaited == 0);
        }(&in_pool, &separate, &cleaned_up));
    }
    CHECK(cleaned_up.opened() == 2);  // the close of the loop waited for the threads
}

ASYNC_TEST_CASE("the context is that of the constructor's caller", "[TH-06]") {
    static ContextVar<int> number("number", 0);
    number.set(1);
    IteratorWrapper<int> items([](Yield<int>& yield) { yield(number.get()); });
    number.set(2);
    CHECK_AWAIT(items.next(), awaited == 1);
    CHECK_AWAIT(items.next(), !awaited.has_value());
}

ASYNC_TEST_CASE("the statistics of an iterator", "[ST-04]") {
    IteratorWrapper<int> items(kThree, {.max_size = 10, .statistic_name = "counted"});
    CHECK(statistic("counted", "queue_size") == 10);
    CHECK(statistic("counted", "started") == 0);
    CHECK_AWAIT(items.next(), awaited == 0);
    CHECK(statistic("counted", "started") == 1);
    CHECK(statistic("counted", "yielded") == 1);
    CHECK_AWAIT(read_all(&items), awaited == std::vector<int>{1, 2});
    CHECK(statistic("counted", "enqueued") == 3);
    CHECK(statistic("counted", "yielded") == 3);
    CHECK(statistic("counted", "queue_length") == 0);
}

TEST_CASE("the size of the buffer, from the environment or 1024", "[TH-01]") {
    ::setenv("THREADED_ITERABLE_DEFAULT_MAX_SIZE", "17", 1);
    CHECK(detail::iterator_size({}) == 17);
    CHECK(detail::iterator_size({.max_size = 0}) == 0);
    ::setenv("THREADED_ITERABLE_DEFAULT_MAX_SIZE", "many", 1);
    CHECK_THROWS_AS(detail::iterator_size({}), ConfigError);
    ::unsetenv("THREADED_ITERABLE_DEFAULT_MAX_SIZE");
    CHECK(detail::iterator_size({}) == 1024);
}
