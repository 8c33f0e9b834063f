// SPDX-License-Identifier: MIT

// What a pool counts: every call once, by how it ended, and every process.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <algorithm>
#include <csignal>
#include <ranges>
#include <stdexcept>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Ways for a call to end.
constexpr int kThrow = 0;
constexpr int kDie = 1;
constexpr int kCancel = 2;
constexpr int kTimeOut = 3;
constexpr int kWays = 8;  // the rest succeeds

int end_so(int way) {
    switch (way) {
        case kThrow:
            throw std::runtime_error("thrown");
        case kDie:
            calls::kill_itself(SIGKILL);
            break;
        case kCancel:
        case kTimeOut:
            calls::sleep_until_cancelled();
            break;
        default:
            break;
    }
    return way;
}

TaskHandle<int> start_call(WorkerPool& pool, int way) {
    CallOptions options;
    if (way == kTimeOut) {
        options.timeout = 20ms;
    }
    return pool.create_task_with<&end_so>(options, way);
}

Task<> end_of_all(std::vector<TaskHandle<int>>& calls) {
    for (auto& call : calls) {
        co_await settle(std::move(call));
    }
}

}  // namespace

POOL_TEST_CASE("a pool that has done nothing has counted nothing", "[P20][WP-17]") {
    WorkerPool pool(pool_options(3));
    CHECK(pool.workers() == 3);
    CHECK(pool.pids().empty());
    CHECK(pool.supervisor_pid() == 0);
    co_await pool.start();
    CHECK(pool.pids().size() == 3);
    CHECK(pool.supervisor_pid() > 0);
    const auto now = pool.statistics();
    CHECK(now.submitted == 0);
    CHECK(now.spawned == 3);
    CHECK(now.workers == 3);
    CHECK(now.exited == 0);
    check_counters(pool);
    co_await pool.close();
    CHECK(pool.pids().empty());
    CHECK(pool.statistics().workers == 0);
}

POOL_TEST_CASE("every call is counted once, by how it ended", "[P20][WP-17][F95]") {
    constexpr std::uint64_t kRounds = 25;
    WorkerPool pool(pool_options(4));
    co_await pool.start();
    std::vector<TaskHandle<int>> calls;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
        for (int way = 0; way < kWays; ++way) {
            calls.push_back(start_call(pool, way));
        }
        co_await turns(static_cast<int>(round % 4));
        calls[round * kWays + kCancel].cancel();
    }
    co_await end_of_all(calls);
    CHECK_AWAIT(at_full_strength(pool, 5s), awaited);
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().running == 0; }), awaited);
    const auto now = pool.statistics();
    CHECK(now.submitted == kRounds * kWays);
    CHECK(now.succeeded == kRounds * (kWays - 4));
    CHECK(now.failed == kRounds);
    CHECK(now.died == kRounds);
    CHECK(now.cancelled == kRounds);
    CHECK(now.timed_out == kRounds);
    CHECK(now.rejected == 0);
    CHECK(now.queued == 0);
    CHECK(now.exited >= kRounds);
    CHECK(now.spawned == now.exited + now.workers);
    CHECK(now.protocol_errors == 0);
    check_counters(pool);
    co_await pool.close();
    check_counters(pool);
}

POOL_TEST_CASE("calls of a map are counted as calls", "[P20][WP-17]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto stream = pool.map<&end_so>(
        std::views::iota(0, 60) |
            std::views::transform([](int item) { return item % 6 < 2 ? item % 6 : kWays; }),
        {.chunk_size = 7});
    int ended = 0;
    for (;; ++ended) {
        bool over = false;
        try {
            over = !co_await stream.next();
        } catch (const std::exception&) {
            over = false;  // one of those that are meant to fail
        }
        if (over) {
            break;
        }
    }
    CHECK(ended == 60);
    const auto now = pool.statistics();
    CHECK(now.submitted == 60);
    CHECK(now.succeeded == 40);
    CHECK(now.failed == 10);
    CHECK(now.died == 10);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("queued and running calls are counted while they are", "[P20][WP-17]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    std::vector<TaskHandle<std::size_t>> calls;
    for (int count = 0; count < 10; ++count) {
        calls.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    CHECK(pool.statistics().running == 2);
    CHECK(pool.statistics().queued == 8);
    board().gates[0] = 1;
    for (auto& call : calls) {
        co_await call;
    }
    CHECK(pool.statistics().running == 0);
    CHECK(pool.statistics().queued == 0);
    CHECK(pool.statistics().succeeded == 10);
    co_await pool.close();
}
