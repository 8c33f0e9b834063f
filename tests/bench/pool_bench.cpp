// SPDX-License-Identifier: MIT
// What a call to a worker process costs: one at a time, many in flight, tiny ones in a map, large
// ones.
#include "bench.h"

#include <aiomisc/runtime/app/run.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <vector>

namespace {

using Block = std::vector<std::uint8_t>;

int increment(int number) {
    return number + 1;
}

Block echo(const Block& block) {
    return block;
}

void check(bool condition) {
    if (!condition) {
        throw std::runtime_error("a call returned something else than it should");
    }
}

aiomisc::Task<double> one_at_a_time(aiomisc::WorkerPool& pool, bench::Options options) {
    const int calls = options.scaled(50'000);
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        check(co_await pool.create_task<increment>(i) == i + 1);
    }
    co_return watch.microseconds_per(calls);
}

aiomisc::Task<double> many_in_flight(aiomisc::WorkerPool& pool, bench::Options options) {
    const int calls = options.scaled(200'000);
    std::vector<aiomisc::TaskHandle<int>> handles;
    handles.reserve(static_cast<std::size_t>(calls));
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        handles.push_back(pool.create_task<increment>(i));
    }
    std::int64_t sum = 0;
    for (auto& handle : handles) {
        sum += co_await handle;
    }
    const double rate = watch.rate_of(calls);
    check(sum == std::int64_t{calls} * (calls + 1) / 2);
    co_return rate;
}

aiomisc::Task<double> map_of_tiny_tasks(aiomisc::WorkerPool& pool, bench::Options options) {
    const int calls = options.scaled(5'000'000);
    const bench::Stopwatch watch;
    auto results = pool.map<increment>(std::views::iota(0, calls));
    std::int64_t sum = 0;
    while (const auto result = co_await results.next()) {
        sum += *result;
    }
    const double rate = watch.rate_of(calls);
    check(sum == std::int64_t{calls} * (calls + 1) / 2);
    co_return rate;
}

aiomisc::Task<double> mebibyte(aiomisc::WorkerPool& pool, bench::Options options) {
    const int calls = options.scaled(2'000);
    const Block block(1 << 20, std::uint8_t{'x'});
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        const Block echoed = co_await pool.create_task<echo>(block);
        check(echoed.size() == block.size());
    }
    co_return watch.microseconds_per(calls);
}

struct PoolRow {
    std::string_view what;
    std::string_view unit;
    bool one_worker;
    aiomisc::Task<double> (*measure)(aiomisc::WorkerPool& pool, bench::Options options);
};

constexpr PoolRow kRows[] = {
    {"one call at a time", "us/call", true, one_at_a_time},
    {"many in flight", "calls/s", false, many_in_flight},
    {"map of tiny tasks", "calls/s", false, map_of_tiny_tasks},
    {"1 MiB argument and result", "us/call", true, mebibyte},
};

/// Measures on a pool of its own, after calls enough for both sides to have warm caches.
aiomisc::Task<double> measured(const PoolRow& row, bench::Options options) {
    const auto workers = static_cast<std::size_t>(row.one_worker ? 1 : options.workers);
    aiomisc::WorkerPool pool({.workers = workers});
    co_await pool.start();
    for (int i = 0; i < 1'000; ++i) {
        check(co_await pool.create_task<increment>(i) == i + 1);
    }
    const double value = co_await row.measure(pool, options);
    co_await pool.close();
    co_return value;
}

aiomisc::Task<int> amain(bench::Options options) {
    for (int round = 0; round < options.rounds; ++round) {
        for (const PoolRow& row : kRows) {
            if (options.wants(row.what)) {
                const double value = co_await measured(row, options);
                bench::emit({"pool_bench", row.what, "aiomisc", row.unit, value, round});
            }
        }
    }
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return aiomisc::run(argc, argv, amain(bench::parse_options(argc, argv)));
}
