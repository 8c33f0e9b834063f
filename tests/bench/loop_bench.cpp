// SPDX-License-Identifier: MIT
// What stays inside the loop: tasks, timers and queue hops, against the same by hand
// (libuv_floor.cpp).
#include "bench.h"

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/sync/queue.h>
#include <aiomisc/runtime/task/task_handle.h>

namespace {

aiomisc::Task<int> one() {
    co_return 1;
}

aiomisc::Task<double> task(bench::Options options) {
    const int calls = options.scaled(200'000);
    int sum = 0;
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        sum += co_await aiomisc::create_task(one());
    }
    const double result = watch.microseconds_per(calls);
    co_return sum == calls ? result : -1;
}

/// Timers armed by the thousand, all due at once.
aiomisc::Task<double> timer(bench::Options options) {
    constexpr int kBatch = 1'000;
    const int batches = options.scaled(200);
    auto& loop = aiomisc::EventLoop::current();
    std::vector<aiomisc::CallHandle> timers;
    timers.reserve(kBatch);
    const bench::Stopwatch watch;
    for (int batch = 0; batch < batches; ++batch) {
        aiomisc::Event all_fired;
        int left = kBatch;
        for (int i = 0; i < kBatch; ++i) {
            timers.push_back(loop.call_later(std::chrono::milliseconds(0), [&left, &all_fired] {
                if (--left == 0) {
                    all_fired.set();
                }
            }));
        }
        co_await all_fired.wait();
        timers.clear();
    }
    co_return watch.microseconds_per(batches * kBatch);
}

aiomisc::Task<> produce(aiomisc::Queue<int>& queue, int count) {
    for (int i = 0; i < count; ++i) {
        co_await queue.put(i);
    }
}

/// A producer and a consumer that take turns over a queue of one place.
aiomisc::Task<double> queue_hop(bench::Options options) {
    const int calls = options.scaled(200'000);
    aiomisc::Queue<int> queue(1);
    const bench::Stopwatch watch;
    auto producer = aiomisc::create_task(produce(queue, calls));
    long sum = 0;
    for (int i = 0; i < calls; ++i) {
        sum += co_await queue.get();
    }
    const double result = watch.microseconds_per(calls);
    co_await producer;
    co_return sum >= 0 ? result : -1;
}

struct LoopRow {
    std::string_view what;
    aiomisc::Task<double> (*measure)(bench::Options options);
};

constexpr LoopRow kRows[] = {
    {"in-loop task", task},
    {"in-loop timer", timer},
    {"in-loop queue hop", queue_hop},
};

}  // namespace

int main(int argc, char** argv) {
    const bench::Options options = bench::parse_options(argc, argv);
    for (int round = 0; round < options.rounds; ++round) {
        for (const LoopRow& row : kRows) {
            if (options.wants(row.what)) {
                aiomisc::EventLoop loop;
                const double value = loop.run_until_complete(row.measure(options));
                bench::emit({"loop_bench", row.what, "aiomisc", "us/call", value, round});
            }
        }
    }
    return 0;
}
