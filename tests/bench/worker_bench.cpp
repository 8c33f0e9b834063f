// SPDX-License-Identifier: MIT
// What a dead worker costs until another takes its place, and what calls cost the parent in memory.
#include "bench.h"

#include <aiomisc/runtime/app/run.h>
#include <aiomisc/worker/call/this_task.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <malloc.h>
#include <unistd.h>

namespace {

void noop() {}

void die() {
    std::raise(SIGKILL);
}

/// Keeps its worker busy until it is cancelled.
void hold() {
    while (!aiomisc::this_task::stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

double heap_bytes() {
    const auto heap = ::mallinfo2();
    return static_cast<double>(heap.uordblks + heap.hblkhd);
}

double resident_bytes() {
    long total = 0;
    long resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// From a call that kills its worker to the end of the next call, which needs a new one.
aiomisc::Task<double> replacing(bench::Options options) {
    aiomisc::WorkerPool pool({.workers = 1});
    co_await pool.start();
    const int deaths = options.scaled(100);
    double total = 0;
    for (int i = 0; i < deaths; ++i) {
        co_await pool.create_task<noop>();
        const bench::Stopwatch watch;
        bool died = false;
        try {
            co_await pool.create_task<die>();
        } catch (const aiomisc::WorkerDied&) {
            died = true;
        }
        if (!died) {
            throw std::runtime_error("the worker outlived SIGKILL");
        }
        co_await pool.create_task<noop>();
        total += watch.microseconds_per(1);
    }
    co_await pool.close();
    co_return total / deaths;
}

/// Calls that wait for the one worker; the handles are the caller's and are not counted.
aiomisc::Task<double> queued_call(bench::Options options) {
    aiomisc::WorkerPool pool({.workers = 1});
    co_await pool.start();
    auto holder = pool.create_task<hold>();
    const int calls = options.scaled(100'000);
    std::vector<aiomisc::TaskHandle<>> handles;
    handles.reserve(static_cast<std::size_t>(calls));
    const double before = heap_bytes();
    for (int i = 0; i < calls; ++i) {
        handles.push_back(pool.create_task<noop>());
    }
    const double grown = heap_bytes() - before;
    handles.clear();
    holder.cancel();
    co_await pool.close();
    co_return grown / calls;
}

/// Growth over a million calls, a thousand in flight, after enough of them to have grown to size.
aiomisc::Task<double> million_calls(bench::Options options) {
    constexpr int kInFlight = 1'000;
    aiomisc::WorkerPool pool({.workers = static_cast<std::size_t>(options.workers)});
    co_await pool.start();
    const auto run_batches = [](aiomisc::WorkerPool& on, int batches) -> aiomisc::Task<> {
        for (int batch = 0; batch < batches; ++batch) {
            std::vector<aiomisc::TaskHandle<>> handles;
            for (int i = 0; i < kInFlight; ++i) {
                handles.push_back(on.create_task<noop>());
            }
            for (auto& handle : handles) {
                co_await handle;
            }
        }
    };
    co_await run_batches(pool, 50);
    const double before = resident_bytes();
    co_await run_batches(pool, options.scaled(1'000));
    const double grown = resident_bytes() - before;
    co_await pool.close();
    co_return grown;
}

struct WorkerRow {
    std::string_view what;
    std::string_view unit;
    aiomisc::Task<double> (*measure)(bench::Options options);
};

constexpr WorkerRow kRows[] = {
    {"replacing a dead worker", "us/call", replacing},
    {"parent memory per queued call", "bytes", queued_call},
    {"parent memory after a million calls", "bytes", million_calls},
};

aiomisc::Task<int> amain(bench::Options options) {
    for (int round = 0; round < options.rounds; ++round) {
        for (const WorkerRow& row : kRows) {
            if (options.wants(row.what)) {
                const double value = co_await row.measure(options);
                bench::emit({"worker_bench", row.what, "aiomisc", row.unit, value, round});
            }
        }
    }
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return aiomisc::run(
        argc, argv, amain(bench::parse_options(argc, argv)), {.log_level = "error"});
}
