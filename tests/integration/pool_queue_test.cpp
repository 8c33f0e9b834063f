// SPDX-License-Identifier: MIT

// The limit of the queue: who is refused, who waits, in which order, and what it bounds.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <optional>
#include <ranges>
#include <stdexcept>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

WorkerPoolOptions narrow_options(std::size_t workers, std::size_t max_overflow) {
    auto options = pool_options(workers);
    options.max_overflow = max_overflow;
    return options;
}

/// Has a worker busy until the gate opens, and the queue filled with calls that mark the board.
struct FullPool {
    TaskHandle<std::size_t> running;
    std::vector<TaskHandle<std::uint32_t>> queued;
};

Task<FullPool> fill(WorkerPool& pool, std::uint32_t count) {
    FullPool full;
    full.running = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    for (std::uint32_t number = 0; number < count; ++number) {
        full.queued.push_back(pool.create_task<&calls::mark>(number));
    }
    co_return full;
}

Task<> produce(
    WorkerPool& pool,
    std::uint32_t producer,
    std::uint32_t count,
    std::vector<std::uint32_t>& log) {
    std::vector<TaskHandle<std::uint32_t>> calls;
    for (std::uint32_t number = 0; number < count; ++number) {
        co_await pool.room();
        calls.push_back(pool.create_task<&calls::mark>(producer * count + number));
        log.push_back(producer);
    }
    for (auto& call : calls) {
        co_await call;
    }
}

Task<std::optional<std::uint32_t>> next_of(MapStream<std::uint32_t>& stream) {
    co_return co_await stream.next();
}

void work_only_once() {
    if (board().counters[0].fetch_add(1) > 0) {
        throw std::runtime_error("not a second time");
    }
}

#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)
std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t count_bytes(std::vector<std::uint8_t> bytes) {
    return bytes.size();
}
#endif

}  // namespace

POOL_TEST_CASE("a full queue refuses calls, and counts none of them", "[WP-06][P13]") {
    WorkerPool pool(narrow_options(1, 3));
    co_await pool.start();
    auto full = co_await fill(pool, 2);
    CHECK(pool.has_room());
    auto last = pool.try_create_task<&calls::mark>(2U);
    REQUIRE(last.has_value());
    CHECK_FALSE(pool.has_room());
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::mark>(3U)), QueueFull);
    CHECK_FALSE(pool.try_create_task<&calls::mark>(3U).has_value());
    CHECK(pool.statistics().submitted == 4);
    CHECK(pool.statistics().queued == 3);
    board().gates[0] = 1;
    CHECK_AWAIT(*last, awaited == 2U);
    CHECK(board().marks[3] == 0);
    CHECK(pool.has_room());
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("without a limit the queue takes any number of calls", "[WP-06]") {
    WorkerPool pool(narrow_options(1, 0));
    co_await pool.start();
    auto full = co_await fill(pool, 5000);
    CHECK(pool.has_room());
    co_await pool.room();
    CHECK(pool.statistics().queued == 5000);
    board().gates[0] = 1;
    for (std::uint32_t number = 0; number < 5000; ++number) {
        CHECK_AWAIT(full.queued[number], awaited == number);
    }
    co_await pool.close();
}

POOL_TEST_CASE("room() waits until a worker takes a call", "[WP-06]") {
    WorkerPool pool(narrow_options(1, 2));
    co_await pool.start();
    auto full = co_await fill(pool, 2);
    auto waiting = create_task(pool.room());
    co_await turns(5);
    CHECK_FALSE(waiting.done());
    board().gates[0] = 1;
    co_await waiting;
    auto call = pool.create_task<&calls::mark>(2U);
    CHECK_AWAIT(call, awaited == 2U);
    co_await pool.close();
}

POOL_TEST_CASE("room() ends when a queued call is cancelled", "[WP-06][WP-09]") {
    WorkerPool pool(narrow_options(1, 2));
    co_await pool.start();
    auto full = co_await fill(pool, 2);
    auto waiting = create_task(pool.room());
    co_await turns(2);
    full.queued.pop_back();
    co_await waiting;
    CHECK(pool.has_room());
    board().gates[0] = 1;
    co_await pool.close({.graceful = true});
    CHECK(board().marks[1] == 0);
}

POOL_TEST_CASE("a map does not use up the room of calls", "[WP-06][P13]") {
    WorkerPool pool(narrow_options(1, 2));
    co_await pool.start();
    auto full = co_await fill(pool, 0);
    auto stream =
        pool.map<&calls::mark>(std::views::iota(100U, 200U), {.chunk_size = 1, .max_chunks = 8});
    auto first = create_task(next_of(stream));
    co_await turns(2);
    CHECK(pool.has_room());
    auto one = pool.create_task<&calls::mark>(1U);
    auto other = pool.create_task<&calls::mark>(2U);
    CHECK_FALSE(pool.has_room());
    board().gates[0] = 1;
    CHECK_AWAIT(first, awaited == 100U);
    for (std::uint32_t item = 101; item < 200; ++item) {
        CHECK_AWAIT(stream.next(), awaited == item);
    }
    CHECK_AWAIT(one, awaited == 1U);
    CHECK_AWAIT(other, awaited == 2U);
    co_await pool.close();
}

POOL_TEST_CASE("producers that wait for room take turns", "[WP-06][P13]") {
    constexpr std::uint32_t kCalls = 40;
    WorkerPool pool(narrow_options(1, 1));
    co_await pool.start();
    std::vector<std::uint32_t> log;
    std::vector<TaskHandle<>> producers;
    for (std::uint32_t producer = 0; producer < 3; ++producer) {
        producers.push_back(create_task(produce(pool, producer, kCalls, log)));
    }
    for (auto& producer : producers) {
        co_await producer;
    }
    REQUIRE(log.size() == 3 * kCalls);
    std::array<int, 3> made{};
    int largest_lead = 0;
    for (const std::uint32_t producer : log) {
        ++made[producer];
        const auto [least, most] = std::ranges::minmax(made);
        largest_lead = std::max(largest_lead, most - least);
    }
    // The first finds an idle worker and an empty queue.
    CHECK(largest_lead <= 3);
    co_await pool.close();
}

POOL_TEST_CASE("who gives up waiting for room lets the next one have it", "[WP-06]") {
    WorkerPool pool(narrow_options(1, 1));
    co_await pool.start();
    auto full = co_await fill(pool, 1);
    auto first = create_task(pool.room());
    auto second = create_task(pool.room());
    auto third = create_task(pool.room());
    co_await turns(2);
    first.cancel();
    CHECK_AWAIT(settle(std::move(first)), !awaited.has_value());
    board().gates[0] = 1;
    co_await second;
    co_await third;  // the second took nothing
    co_await pool.close({.graceful = true});
}

POOL_TEST_CASE("room() of a pool that does not run throws", "[F82][F86]") {
    WorkerPool pool(narrow_options(1, 1));
    co_await error_of<PoolClosed>(pool.room());  // not started
    co_await pool.start();
    auto full = co_await fill(pool, 1);
    auto first = create_task(pool.room());
    auto second = create_task(pool.room());
    co_await turns(2);
    co_await pool.close();
    co_await error_of<PoolClosed>(std::move(first));
    co_await error_of<PoolClosed>(std::move(second));
    co_await error_of<PoolClosed>(std::move(full.running));
    co_await error_of<PoolClosed>(std::move(full.queued.front()));
}

POOL_TEST_CASE("room() of a pool that breaks throws", "[F32][P5]") {
    auto options = narrow_options(1, 1);
    options.initializer = initialize_with<&work_only_once>();
    WorkerPool pool(std::move(options));
    co_await pool.start();
    auto full = co_await fill(pool, 1);
    auto waiting = create_task(pool.room());
    co_await turns(2);
    ::kill(pool.supervisor_pid(), SIGKILL);
    CHECK_AWAIT_THAT(
        error_of<PoolBroken>(std::move(waiting)), awaited.what(), contains("not a second time"));
    co_await error_of<WorkerDied>(std::move(full.running));
    co_await error_of<PoolBroken>(std::move(full.queued.front()));
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("calls may be made from the callbacks of calls, however deep", "[F82]") {
    struct Chain {
        WorkerPool& pool;
        int left;
        std::vector<TaskHandle<int>> calls;

        void step() {
            if (left-- > 0) {
                calls.push_back(pool.create_task<&calls::square>(left));
                calls.back().add_done_callback([this] { step(); });
            }
        }
    };

    WorkerPool pool(pool_options(2));
    co_await pool.start();
    Chain chain{.pool = pool, .left = 1000, .calls = {}};
    chain.step();
    REQUIRE_AWAIT(
        eventually([&] { return chain.calls.size() == 1000 && chain.calls.back().done(); }),
        awaited);
    for (int index = 0; index < 1000; ++index) {
        const int number = 999 - index;
        CHECK_AWAIT(chain.calls[static_cast<std::size_t>(index)], awaited == number * number);
    }
    co_await pool.close();
}

#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)

POOL_TEST_CASE("a fast producer of large calls is held back, and memory stays flat", "[F52][P13]") {
    WorkerPool pool(narrow_options(1, 4));
    co_await pool.start();
    const std::size_t before = resident_bytes();
    std::size_t most = before;
    std::size_t longest = 0;
    std::uint64_t bytes = 0;
    std::vector<TaskHandle<std::uint64_t>> calls;
    for (int count = 0; count < 400; ++count) {
        co_await pool.room();
        calls.push_back(pool.create_task<&count_bytes>(std::vector<std::uint8_t>(1 << 20)));
        most = std::max(most, resident_bytes());
        longest = std::max(longest, pool.statistics().queued);
    }
    for (auto& call : calls) {
        bytes += co_await call;
    }
    CHECK(bytes == std::uint64_t{400} << 20);
    CHECK(longest <= 4);
    CHECK(most - before < std::size_t{64} << 20);
    co_await pool.close();
}

#endif
