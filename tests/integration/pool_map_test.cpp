// SPDX-License-Identifier: MIT

// map(): results in order or as they come, inputs of any length in bounded memory, and what goes
// wrong with one item.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <aiomisc/worker/call/this_task.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <tuple>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

#if defined(AIOMISC_ADDRESS_SANITIZER) || defined(AIOMISC_THREAD_SANITIZER)
constexpr std::uint32_t kMany = 50'000;
#else
constexpr std::uint32_t kMany = 1'000'000;
#endif

/// Marks the board; the item that is 0 does so only once the gate is open.
std::uint32_t first_waits(std::uint32_t item) {
    if (item == 0) {
        wait_at_gate(0);
    }
    return calls::mark(item);
}

std::uint32_t throw_at_seven(std::uint32_t item) {
    calls::mark(item);
    if (item % 10 == 7) {
        throw std::out_of_range("item " + std::to_string(item));
    }
    return item;
}

std::uint32_t crash_at_five(std::uint32_t item) {
    calls::mark(item);
    if (item % 50 == 5) {
        calls::call_exit_at_once(3);
    }
    return item;
}

std::uint32_t sleep_at_three(std::uint32_t item) {
    if (item == 3) {
        this_task::sleep_for(300s);
    }
    return item;
}

std::uint32_t take_two_milliseconds(std::uint32_t item) {
    board().sign();
    std::this_thread::sleep_for(2ms);
    return item;
}

int add(int left, int right) {
    return left + right;
}

void count_in(std::uint32_t item) {
    calls::mark(item);
}

std::uint32_t same(std::uint32_t item) {
    return item;
}

std::vector<std::uint8_t> bytes_of(std::uint32_t size) {
    return std::vector<std::uint8_t>(size, static_cast<std::uint8_t>(size));
}

std::uint64_t size_of(std::vector<std::uint8_t> bytes) {
    return bytes.size();
}

/// 0, 1, 2 …, and how many were taken.
class CountedInputs {
public:
    explicit CountedInputs(std::uint32_t count) : count_(count) {}

    auto view() {
        return std::views::iota(std::uint32_t{0}, count_) |
               std::views::transform([this](std::uint32_t item) {
                   taken_ = std::max(taken_, item + 1);
                   return item;
               });
    }

    [[nodiscard]] std::uint32_t taken() const noexcept { return taken_; }

private:
    std::uint32_t count_;
    std::uint32_t taken_ = 0;
};

/// How every item ended, until the stream is over: its value, or the text of its error.
template <typename Value>
Task<std::vector<std::string>> texts_of(MapStream<Value>& stream) {
    std::vector<std::string> texts;
    for (;;) {
        std::string text;
        try {
            const auto value = co_await stream.next();
            if (!value) {
                co_return texts;
            }
            text = std::to_string(*value);
        } catch (const std::exception&) {
            text = describe_exception(std::current_exception());
        }
        texts.push_back(std::move(text));
    }
}

Task<std::optional<std::uint32_t>> next_of(MapStream<std::uint32_t>& stream) {
    co_return co_await stream.next();
}

std::vector<std::string> numbers_to(std::uint32_t count) {
    std::vector<std::string> texts;
    for (std::uint32_t item = 0; item < count; ++item) {
        texts.push_back(std::to_string(item));
    }
    return texts;
}

}  // namespace

POOL_TEST_CASE("map gives results in the order of its inputs, whatever ends first", "[WP-06]") {
    WorkerPool pool(pool_options(4));
    co_await pool.start();
    auto stream = pool.map<&first_waits>(std::views::iota(0U, 40U), {.chunk_size = 1});
    auto first = create_task(next_of(stream));
    REQUIRE_AWAIT(eventually([] { return board().marks[1] == 1; }), awaited);
    CHECK_FALSE(first.done());
    board().gates[0] = 1;
    CHECK_AWAIT(first, awaited == 0U);
    std::vector<std::string> expected = numbers_to(40);
    expected.erase(expected.begin());
    CHECK_AWAIT(texts_of(stream), awaited == expected);
    co_await pool.close();
}

POOL_TEST_CASE("map without order gives what is done first", "[WP-06]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto stream = pool.map<&first_waits>(
        std::views::iota(0U, 40U), {.ordered = false, .chunk_size = 1, .max_chunks = 3});
    std::vector<std::uint32_t> items;
    for (int count = 0; count < 39; ++count) {
        items.push_back((co_await stream.next()).value());
    }
    CHECK(std::ranges::count(items, 0U) == 0);
    board().gates[0] = 1;
    CHECK_AWAIT(stream.next(), awaited == 0U);
    CHECK_AWAIT(stream.next(), awaited == std::nullopt);
    std::ranges::sort(items);
    CHECK(std::ranges::adjacent_find(items) == items.end());
    co_await pool.close();
}

POOL_TEST_CASE("map takes inputs only as far as its results are taken", "[P13][F53]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    CountedInputs inputs(1'000'000);
    auto stream = pool.map<&same>(inputs.view(), {.chunk_size = 5, .max_chunks = 4});
    CHECK(inputs.taken() == 0);
    for (std::uint32_t item = 0; item < 100; ++item) {
        CHECK_AWAIT(stream.next(), awaited == item);
        CHECK(inputs.taken() <= item + 1 + 5 * 4);
    }
    REQUIRE_AWAIT(
        eventually([&] {
            const auto now = pool.statistics();
            return now.queued + now.running == 0;
        }),
        awaited);
    co_await turns(100);
    CHECK(inputs.taken() <= 100 + 5 * 4);
    co_await pool.close();
}

POOL_TEST_CASE("map goes through very many inputs in bounded memory", "[P13][F53]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    CountedInputs inputs(kMany);
    auto stream = pool.map<&same>(inputs.view());
    std::uint32_t expected = 0;
    std::uint32_t furthest = 0;
    bool right = true;
    while (const auto value = co_await stream.next()) {
        right = right && *value == expected++;
        furthest = std::max(furthest, inputs.taken() - expected);
    }
    CHECK(right);
    CHECK(expected == kMany);
    CHECK(furthest <= 8U * 8192U);  // four chunks for each worker, of at most 8192 calls
    const auto now = pool.statistics();
    CHECK(now.submitted == kMany);
    CHECK(now.succeeded == kMany);
    co_await pool.close();
}

POOL_TEST_CASE("an exception of one item is thrown in its place", "[WP-07]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const auto before = pool.pids();
    auto stream = pool.map<&throw_at_seven>(std::views::iota(0U, 100U), {.chunk_size = 8});
    auto expected = numbers_to(100);
    for (std::uint32_t item = 7; item < 100; item += 10) {
        expected[item] = "std::out_of_range: item " + std::to_string(item);
    }
    CHECK_AWAIT(texts_of(stream), awaited == expected);
    CHECK(pool.statistics().failed == 10);
    CHECK(pool.statistics().succeeded == 90);
    CHECK(pool.pids() == before);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a crash in a chunk fails one item, and no other is run twice", "[P2][P3][WP-12]") {
    for (const bool ordered : {true, false}) {
        for (auto& mark : board().marks) {
            mark = 0;
        }
        WorkerPool pool(pool_options(2));
        co_await pool.start();
        auto stream = pool.map<&crash_at_five>(
            std::views::iota(0U, 200U), {.ordered = ordered, .chunk_size = 20});
        const auto texts = co_await texts_of(stream);
        REQUIRE(texts.size() == 200);
        const auto died = std::ranges::count_if(texts, [](const std::string& text) {
            return text.find("exited with status 3") != std::string::npos;
        });
        CHECK(died == 4);
        if (ordered) {
            CHECK(texts[4] == "4");
            CHECK_THAT(texts[55], contains("exited with status 3"));
            CHECK(texts[199] == "199");
        }
        CHECK(std::all_of(board().marks.begin(), board().marks.begin() + 200, [](const auto& mark) {
            return mark == 1;
        }));
        CHECK(pool.statistics().died == 4);
        CHECK(pool.statistics().succeeded == 196);
        CHECK_AWAIT(at_full_strength(pool), awaited);
        check_counters(pool);
        co_await pool.close();
    }
}

POOL_TEST_CASE("a stream that is destroyed leaves no call running", "[P11][F83]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const auto before = pool.pids();
    {
        auto stream = pool.map<&sleep_at_three>(std::views::iota(3U, 1000U), {.chunk_size = 1});
        auto first = create_task(next_of(stream));
        REQUIRE_AWAIT(eventually([&] { return pool.statistics().succeeded > 3; }), awaited);
        first.cancel();
        co_await settle(std::move(first));
    }
    CHECK(pool.statistics().queued == 0);
    CHECK_AWAIT(eventually([&] { return pool.statistics().running == 0; }), awaited);
    CHECK_AWAIT(pool.create_task<&calls::square>(5), awaited == 25);
    CHECK(pool.pids() == before);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a next() that is cancelled consumes nothing", "[P11][F83]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto stream = pool.map<&first_waits>(std::views::iota(0U, 10U), {.chunk_size = 1});
    for (int round = 0; round < 5; ++round) {
        auto next = create_task(next_of(stream));
        co_await turns(round);
        next.cancel();
        CHECK_AWAIT(settle(std::move(next)), !awaited.has_value());
    }
    auto late = create_task(next_of(stream));
    co_await turns(2);
    board().gates[0] = 1;
    CHECK_AWAIT(late, awaited == 0U);
    CHECK_AWAIT(next_of(stream), awaited == 1U);
    co_await pool.close();
}

POOL_TEST_CASE("a map of nothing is over at once, and stays so") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto stream = pool.map<&same>(std::vector<std::uint32_t>{});
    CHECK_AWAIT(stream.next(), awaited == std::nullopt);
    CHECK_AWAIT(stream.next(), awaited == std::nullopt);
    CHECK(pool.statistics().submitted == 0);
    co_await pool.close();
}

POOL_TEST_CASE("what the inputs throw comes after the results of those before it") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto stream =
        pool.map<&same>(std::views::iota(0U, 100U) | std::views::transform([](std::uint32_t item) {
                            return item < 33 ? item : throw std::domain_error("no more");
                        }));
    auto expected = numbers_to(33);
    expected.emplace_back("std::domain_error: no more");
    CHECK_AWAIT(texts_of(stream), awaited == expected);
    CHECK_AWAIT(stream.next(), awaited == std::nullopt);
    co_await pool.close();
}

POOL_TEST_CASE("an input above the limit of payloads ends the stream", "[F63]") {
    auto options = pool_options(1);
    options.max_payload_bytes = 1 << 16;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    std::vector<std::vector<std::uint8_t>> inputs{bytes_of(10), bytes_of(1 << 17), bytes_of(20)};
    auto stream = pool.map<&size_of>(inputs);
    const auto texts = co_await texts_of(stream);
    REQUIRE(texts.size() == 2);
    CHECK(texts[0] == "10");
    CHECK_THAT(texts[1], contains("PayloadTooLarge"));
    co_await pool.close();
}

POOL_TEST_CASE("results of any size come through a map", "[F63][P13]") {
    const std::array<std::uint32_t, 9> sizes{
        0, 5000, 40'000, 1'500'000, 1, 3'000'000, 3'000'000, 2'000'000, 7};
    for (const std::size_t shared : {std::size_t{64} << 10, std::size_t{16} << 20}) {
        auto options = pool_options(2);
        options.shared_memory_bytes = shared;
        WorkerPool pool(std::move(options));
        co_await pool.start();
        for (const std::uint32_t chunk : {1U, 4U, 9U}) {
            auto stream = pool.map<&bytes_of>(sizes, {.chunk_size = chunk});
            for (const std::uint32_t size : sizes) {
                CHECK_AWAIT(stream.next(), awaited == bytes_of(size));
            }
            CHECK_AWAIT(stream.next(), !awaited.has_value());
            // The same bytes as arguments.
            std::vector<std::vector<std::uint8_t>> inputs;
            std::ranges::transform(sizes, std::back_inserter(inputs), bytes_of);
            auto back = pool.map<&size_of>(inputs, {.chunk_size = chunk});
            for (const std::uint32_t size : sizes) {
                CHECK_AWAIT(back.next(), awaited == size);
            }
        }
        co_await pool.close();
    }
}

POOL_TEST_CASE("an item that takes too long fails alone", "[F48]") {
    auto options = pool_options(2);
    options.call_timeout = 300ms * kPatience;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    auto stream = pool.map<&sleep_at_three>(std::views::iota(0U, 20U), {.chunk_size = 10});
    const auto texts = co_await texts_of(stream);
    REQUIRE(texts.size() == 20);
    CHECK_THAT(texts[3], contains("TaskTimeout"));
    CHECK(std::ranges::count_if(texts, [](const auto& text) { return text.size() <= 2; }) == 19);
    CHECK(pool.statistics().timed_out == 1);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("map takes tuples, functions without result, and inputs that are referred to") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const std::vector<std::tuple<int, int>> pairs{{1, 2}, {3, 4}, {5, 6}};
    auto sums = pool.map<&add>(pairs);
    CHECK_AWAIT(texts_of(sums), awaited == std::vector<std::string>{"3", "7", "11"});
    auto nothing = pool.map<&count_in>(std::views::iota(0U, 5U));
    int count = 0;
    while (co_await nothing.next()) {
        ++count;
    }
    CHECK(count == 5);
    auto doubled = pool.map([](int value) { return value * 2; }, std::vector{1, 2});
    CHECK_AWAIT(texts_of(doubled), awaited == std::vector<std::string>{"2", "4"});
    co_await pool.close();
}

POOL_TEST_CASE("a map of a pool that does not run says so", "[F82]") {
    WorkerPool pool(pool_options(1));
    auto early = pool.map<&same>(std::views::iota(0U, 5U));
    CHECK_AWAIT_THAT(error_of<PoolClosed>(next_of(early)), awaited.what(), contains("not started"));
    CHECK_AWAIT(early.next(), awaited == std::nullopt);
    co_await pool.start();
    co_await pool.close();
    auto late = pool.map<&same>(std::views::iota(0U, 5U));
    CHECK_AWAIT_THAT(error_of<PoolClosed>(next_of(late)), awaited.what(), contains("closed"));
}

POOL_TEST_CASE("a pool that closes gracefully finishes the chunks it took", "[F86]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    // Ten times as long as a worker stays with one chunk before it answers.
    auto stream = pool.map<&take_two_milliseconds>(
        std::views::iota(0U, 10'000U), {.chunk_size = 30, .max_chunks = 4});
    auto first = create_task(next_of(stream));
    REQUIRE_AWAIT(eventually([] { return board().signers > 0; }), awaited);
    co_await pool.close({.graceful = true});
    CHECK_AWAIT(first, awaited == 0U);
    auto texts = co_await texts_of(stream);
    REQUIRE_FALSE(texts.empty());
    CHECK_THAT(texts.back(), contains("PoolClosed"));
    texts.pop_back();
    auto expected = numbers_to(120);
    expected.erase(expected.begin());
    CHECK(texts == expected);
}

POOL_TEST_CASE("a pool that is closed fails what is left of a map", "[F86]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto stream =
        pool.map<&sleep_at_three>(std::views::iota(0U, 1000U), {.chunk_size = 2, .max_chunks = 6});
    CHECK_AWAIT(stream.next(), awaited == 0U);
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().running > 0; }), awaited);
    co_await pool.close();
    const auto texts = co_await texts_of(stream);
    CHECK(texts.size() <= 13);
    CHECK_THAT(texts.back(), contains("PoolClosed"));
    CHECK_AWAIT(stream.next(), awaited == std::nullopt);
}
