// SPDX-License-Identifier: MIT
#include <aiomisc/worker/pool/process_pool_executor.h>

#include "pool.h"

#include <aiomisc/runtime/loop/event_loop.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace aiomisc {

namespace {

constexpr std::size_t kLeastWorkers = 4;

/// For calls that may take as long as they want.
constexpr std::chrono::hours kForEver{24 * 365 * 10};

WorkerPoolOptions pool_options_of(ProcessPoolExecutorOptions options) {
    WorkerPoolOptions pool;
    pool.workers = options.max_workers > 0
                       ? options.max_workers
                       : std::max(detail::available_processors(), kLeastWorkers);
    pool.initializer = std::move(options.initializer);
    pool.recycle_after_calls = options.max_tasks_per_child;
    pool.limits = options.limits;
    pool.name = std::move(options.name);
    pool.statistic_name = std::move(options.statistic_name);
    return pool;
}

}  // namespace

ProcessPoolExecutor::ProcessPoolExecutor(ProcessPoolExecutorOptions options)
    : ProcessPoolExecutor(EventLoop::current(), std::move(options)) {}

ProcessPoolExecutor::ProcessPoolExecutor(EventLoop& loop, ProcessPoolExecutorOptions options)
    : pool_(std::make_shared<detail::Pool>(
          loop, pool_options_of(std::move(options)), detail::PoolKind::kExecutor)) {}

ProcessPoolExecutor::~ProcessPoolExecutor() {
    pool_->abandon();
}

Task<> ProcessPoolExecutor::start() {
    return pool_->start();
}

Task<> ProcessPoolExecutor::shutdown(bool wait) {
    const auto pool = pool_;
    pool->begin_close({.graceful = true, .timeout = kForEver});
    if (wait) {
        co_await pool->closed();
    }
}

Task<> ProcessPoolExecutor::close() {
    return pool_->close({});
}

std::size_t ProcessPoolExecutor::max_workers() const noexcept {
    return pool_->workers();
}

std::vector<pid_t> ProcessPoolExecutor::pids() const {
    return pool_->pids();
}

}  // namespace aiomisc
