// SPDX-License-Identifier: MIT
#pragma once

#include "support/async_test.h"
#include "support/catch.h"
#include "support/wait_until.h"

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

// Real pools for tests: their loop, what their calls tell the test beside their results, and waits
// for what gives no event.
namespace aiomisc::test {

/// Memory that the test shares with every process forked from it, workers and what they start
/// included. Cleared before each case of POOL_TEST_CASE.
struct Board {
    static constexpr std::size_t kGates = 64;
    static constexpr std::size_t kMarks = 1 << 16;
    static constexpr std::size_t kPids = 1 << 14;

    /// A call that waits at a gate goes on once the test sets it.
    std::array<std::atomic<int>, kGates> gates;
    /// How often the call with that number was run.
    std::array<std::atomic<std::uint32_t>, kMarks> marks;
    /// Process ids, in the order of sign().
    std::array<std::atomic<pid_t>, kPids> pids;
    std::atomic<std::uint32_t> signers;
    /// For whatever else a call counts.
    std::array<std::atomic<std::int64_t>, 16> counters;

    /// Adds the calling process to `pids`.
    void sign() noexcept { pids[signers.fetch_add(1) % kPids] = current_pid(); }

    /// Those that signed so far.
    [[nodiscard]] std::vector<pid_t> signed_pids() const;

private:
    static pid_t current_pid() noexcept;
};

/// The board of this process and of all forked from it.
Board& board() noexcept;

/// In a call: blocks until the test opens the gate, however it is interrupted.
void wait_at_gate(std::size_t gate) noexcept;

/// Does before the first loop what outlives every case by design: forks the zygote, and lets libuv
/// make the pipe it keeps. The leak audit does not count them.
void prepare_for_pools();

/// Runs the body on an EventLoop of its own; see POOL_TEST_CASE.
void run_pool_test(Task<> (*body)());

/// Four workers, unless said otherwise, that leave no core files.
WorkerPoolOptions pool_options(std::size_t workers = 4);

/// Asks again and again, without blocking the loop, until it holds or `limit` (times kPatience) has
/// passed; returns the last answer.
Task<bool> eventually(
    std::function<bool()> condition, Milliseconds limit = std::chrono::seconds(10));

/// Whether the pool has all its workers, alive, within `limit`.
Task<bool> at_full_strength(WorkerPool& pool, Milliseconds limit = std::chrono::seconds(1));

/// Whether all of these processes are gone within `limit`. Zombies count as gone only if it is for
/// init to reap them.
Task<bool> all_gone(std::vector<pid_t> pids, Milliseconds limit = std::chrono::seconds(1));

/// Whether the process is neither running nor waiting to be reaped by one of ours.
bool is_gone(pid_t pid);

/// Awaits a call, and returns the error of type `Error` that it ended with; fails the test if it
/// ended otherwise.
template <typename Error, Awaitable Awaited>
Task<Error> error_of(Awaited awaitable) {
    auto outcome = co_await settle(std::move(awaitable));
    INFO(text_of(outcome));
    REQUIRE(!outcome.has_value());
    try {
        std::rethrow_exception(outcome.error());
    } catch (const Error& error) {
        co_return error;
    } catch (...) {
    }
    throw std::runtime_error("ended with another error: " + text_of(outcome));
}

/// What every pool's counters must satisfy when nothing is queued or running.
void check_counters(const WorkerPool& pool);

}  // namespace aiomisc::test

#define AIOMISC_POOL_TEST_CASE_(body, ...)    \
    static ::aiomisc::Task<> body();          \
    TEST_CASE(__VA_ARGS__) {                  \
        ::aiomisc::test::run_pool_test(body); \
    }                                         \
    static ::aiomisc::Task<> body()

/// An ASYNC_TEST_CASE for pools: the zygote is there before the case begins, and the board is
/// clear.
#define POOL_TEST_CASE(...) \
    AIOMISC_POOL_TEST_CASE_(AIOMISC_CONCATENATE(aiomisc_pool_test_, __LINE__), __VA_ARGS__)
