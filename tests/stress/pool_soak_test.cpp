// SPDX-License-Identifier: MIT

// Much of everything, and then nothing more is there than before.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "stress/seed.h"

#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/worker/pool/worker_hooks.h>
#include <aiomisc/worker/process/descendants.h>
#include <aiomisc/worker/process/zygote.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <random>
#include <string>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kCalls = 100'000 / kSlowdown;
constexpr std::uint32_t kWarmUpCalls = kCalls / 10;
/// That many callers have a call each under way.
constexpr std::uint32_t kCallers = 64;
constexpr std::size_t kPoolsInARow = 500 / std::min(kSlowdown, 10U);
constexpr std::size_t kPoolsAtOnce = 50 / std::min(kSlowdown, 10U);

constexpr std::size_t kMegabyte = std::size_t{1} << 20;
/// A leak of a hundred bytes for each call would show; what the allocator keeps for the next
/// payload of a megabyte does not.
[[maybe_unused]] constexpr std::size_t kMostGrowth = 9 * kMegabyte;

std::size_t count_entries(const std::string& folder) {
    const std::filesystem::directory_iterator entries(folder);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::size_t descriptors_of(pid_t pid) {
    return count_entries("/proc/" + std::to_string(pid) + "/fd");
}

std::size_t threads_of(pid_t pid) {
    return count_entries("/proc/" + std::to_string(pid) + "/task");
}

/// Memory of its own, without what it shares with workers, which come and go.
std::size_t private_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssAnon:")) {
            return std::stoul(line.substr(8)) * 1024;
        }
    }
    return 0;
}

/// What a parent and a supervisor hold.
struct Holdings {
    std::size_t parent_descriptors = descriptors_of(::getpid());
    std::size_t parent_threads = threads_of(::getpid());
    std::size_t parent_children = process::children_of(::getpid()).value().size();
    std::size_t supervisor_descriptors;
    std::size_t supervisor_threads;
    std::size_t supervisor_children;  // zombies included

    explicit Holdings(pid_t supervisor)
        : supervisor_descriptors(descriptors_of(supervisor)),
          supervisor_threads(threads_of(supervisor)),
          supervisor_children(process::children_of(supervisor).value().size()) {}

    bool operator==(const Holdings&) const = default;

    friend std::ostream& operator<<(std::ostream& out, const Holdings& held) {
        return out << "parent: " << held.parent_descriptors << " descriptors, "
                   << held.parent_threads << " threads, " << held.parent_children
                   << " children; supervisor or zygote: " << held.supervisor_descriptors << ", "
                   << held.supervisor_threads << ", " << held.supervisor_children;
    }
};

/// How the calls ended.
struct Tally {
    std::uint64_t value = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t died = 0;
    std::uint64_t wrong = 0;
};

/// Awaits the call, which ends with `expected`, by value, or as what was done to it says.
template <typename Value>
Task<> finish(TaskHandle<Value> call, Tally& tally, const Value* expected) {
    auto outcome = co_await settle(std::move(call));
    if (outcome.has_value()) {
        ++(expected != nullptr && *outcome == *expected ? tally.value : tally.wrong);
        co_return;
    }
    try {
        std::rethrow_exception(outcome.error());
    } catch (const CancelledError&) {
        ++tally.cancelled;
    } catch (const TaskTimeout&) {
        ++tally.timed_out;
    } catch (const WorkerDied&) {
        ++tally.died;
    } catch (...) {
        ++tally.wrong;
    }
}

int crash(int how) {
    switch (how) {
        case 0:
            calls::segfault();
            break;
        case 1:
            calls::call_exit_at_once(0);
            break;
        case 2:
            calls::kill_itself(SIGKILL);
            break;
        default:
            calls::call_abort();
    }
    return how;
}

/// One call of the mixture: of a thousand 10 crash, 0.5 take too long, 50 are cancelled, 10 carry a
/// megabyte both ways.
Task<> call_something(WorkerPool& pool, std::mt19937& random, Tally& tally) {
    static const std::vector<std::uint8_t> megabyte(kMegabyte, 42);
    const std::uint32_t chosen = random() % 2000;
    if (chosen < 20) {
        const int how = static_cast<int>(random() % 4);
        co_await finish<int>(pool.create_task<&crash>(how), tally, nullptr);
    } else if (chosen < 21) {
        auto call = pool.create_task_with<&calls::sign_and_wait>(
            CallOptions{.timeout = 20ms}, std::size_t{0});  // at a gate that nobody opens
        co_await finish<std::size_t>(std::move(call), tally, nullptr);
    } else if (chosen < 121) {
        const int x = static_cast<int>(random() % 1000);
        const int squared = x * x;
        auto call = pool.create_task<&calls::square>(x);
        co_await turns(static_cast<int>(random() % 4));
        call.cancel();
        co_await finish(std::move(call), tally, &squared);
    } else if (chosen < 141) {
        co_await finish(pool.create_task<&calls::echo>(megabyte), tally, &megabyte);
    } else {
        const int x = static_cast<int>(chosen);
        const int squared = x * x;
        co_await finish(pool.create_task<&calls::square>(x), tally, &squared);
    }
}

Task<> keep_calling(
    WorkerPool& pool, std::mt19937& random, Tally& tally, std::uint32_t& calls_left) {
    while (calls_left > 0) {
        --calls_left;
        co_await call_something(pool, random, tally);
    }
}

Task<> make_calls(WorkerPool& pool, std::mt19937& random, Tally& tally, std::uint32_t count) {
    std::vector<TaskHandle<>> callers;
    for (std::uint32_t caller = 0; caller < kCallers; ++caller) {
        callers.push_back(create_task(keep_calling(pool, random, tally, count)));
    }
    for (auto& caller : callers) {
        co_await caller;
    }
}

/// Parent and supervisor hold what they did, within a moment: the dead are still reaped.
Task<> check_back_to(Holdings before, pid_t supervisor) {
    co_await eventually([&] { return Holdings(supervisor) == before; }, 1s);
    CHECK(Holdings(supervisor) == before);
}

/// The zygote, once it has sent its greeting and holds what it will: 0, 1 and 2, the control
/// socket, the parent's pidfd, the signals.
Task<pid_t> fresh_zygote() {
    const pid_t zygote = process::Zygote::ensure(detail::worker_hooks()).pid();
    const bool settled = co_await eventually([&] { return descriptors_of(zygote) == 6; });
    REQUIRE(settled);
    co_return zygote;
}

void check_tally(const WorkerPool& pool, const Tally& tally) {
    const WorkerPoolStatistics statistics = pool.statistics();
    CHECK(tally.wrong == 0);
    CHECK(tally.value + tally.cancelled + tally.timed_out + tally.died == kCalls);
    CHECK(statistics.submitted == kCalls);
    CHECK(statistics.succeeded == tally.value);
    CHECK(statistics.cancelled == tally.cancelled);
    CHECK(statistics.timed_out == tally.timed_out);
    CHECK(statistics.died == tally.died);
    CHECK(statistics.failed + statistics.rejected + statistics.protocol_errors == 0);
    CHECK(statistics.queued + statistics.running == 0);
    CHECK(statistics.workers == pool.workers());
    CHECK(statistics.spawned == statistics.exited + statistics.workers);
    // Nobody dies but of a crash, or because he does not stop.
    CHECK(statistics.exited == statistics.died + statistics.killed);
    CHECK(statistics.killed <= statistics.timed_out);
}

}  // namespace

POOL_TEST_CASE(
    "a hundred thousand calls with crashes and cancellations leave nothing",
    "[F29][F95][P9][P10][P20]") {
    const std::uint32_t seed = seed_of_run(95);
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto options = pool_options(4);
    options.cancel_grace = 20ms;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const pid_t supervisor = pool.supervisor_pid();
    const Holdings at_first(supervisor);
    Tally tally;
    co_await make_calls(pool, random, tally, kWarmUpCalls);
    const std::size_t bytes_before = private_bytes();
    co_await make_calls(pool, random, tally, kCalls - kWarmUpCalls);
    // The last that took too long may still have some of its grace.
    CHECK_AWAIT(eventually([&] { return pool.statistics().running == 0; }), awaited);
    CHECK_AWAIT(at_full_strength(pool), awaited);
    co_await check_back_to(at_first, supervisor);
    CHECK(pool.supervisor_pid() == supervisor);
    check_tally(pool, tally);
    check_counters(pool);
#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)
    // A sanitizer keeps what is freed, and notes of it.
    CAPTURE(bytes_before);
    CHECK(private_bytes() < bytes_before + kMostGrowth);
#else
    static_cast<void>(bytes_before);
#endif
    co_await pool.close();
}

POOL_TEST_CASE("pools opened and closed in a row leave nothing", "[F29][F96][P10]") {
    const pid_t zygote = co_await fresh_zygote();
    const Holdings before(zygote);
    std::vector<pid_t> pids;
    for (std::size_t count = 0; count < kPoolsInARow; ++count) {
        WorkerPool pool(pool_options(2));
        co_await pool.start();
        pids.push_back(pool.supervisor_pid());
        std::ranges::copy(pool.pids(), std::back_inserter(pids));
        CHECK_AWAIT(pool.create_task<&calls::square>(7), awaited == 49);
        if (count % 4 != 0) {  // the others go with their owner
            co_await pool.close();
        }
    }
    CHECK_AWAIT(all_gone(pids), awaited);
    co_await check_back_to(before, zygote);
}

POOL_TEST_CASE("many pools at once work side by side", "[F44][F96]") {
    const pid_t zygote = co_await fresh_zygote();
    const Holdings before(zygote);
    std::vector<std::unique_ptr<WorkerPool>> pools;
    for (std::size_t count = 0; count < kPoolsAtOnce; ++count) {
        pools.push_back(std::make_unique<WorkerPool>(pool_options(2)));
        co_await pools.back()->start();
    }
    std::vector<TaskHandle<int>> squares;
    for (int x = 0; x < 200; ++x) {
        auto& pool = *pools[static_cast<std::size_t>(x) % pools.size()];
        squares.push_back(pool.create_task<&calls::square>(x));
    }
    for (int x = 0; x < 200; ++x) {
        CHECK_AWAIT(squares[static_cast<std::size_t>(x)], awaited == x * x);
    }
    for (auto& pool : pools) {
        co_await pool->close();
    }
    co_await check_back_to(before, zygote);
}

POOL_TEST_CASE("two hundred and fifty-six workers start, work and end", "[F96]") {
    const auto limit = 5s * kPatience;
    WorkerPool pool(pool_options(256));
    co_await wait_for(pool.start(), limit);
    std::vector<TaskHandle<int>> squares;
    for (int x = 0; x < 1000; ++x) {
        squares.push_back(pool.create_task<&calls::square>(x));
    }
    for (int x = 0; x < 1000; ++x) {
        CHECK_AWAIT(squares[static_cast<std::size_t>(x)], awaited == x * x);
    }
    const auto pids = pool.pids();
    CHECK(pids.size() == 256);
    co_await wait_for(pool.close(), limit);
    CHECK_AWAIT(all_gone(pids), awaited);
}
