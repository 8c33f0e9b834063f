// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/thread_pool.h>

#include "thread_pool_core.h"

#include <aiomisc/runtime/task/wait_for.h>

#include <algorithm>
#include <thread>

namespace aiomisc {

namespace {

constexpr std::size_t kSmallestDefault = 4;
constexpr std::size_t kLargestDefault = 32;

/// Waits for the threads without blocking the loop.
Task<> wait_for_threads(std::shared_ptr<detail::ThreadPoolCore> core, Duration limit) {
    const auto ended = std::make_shared<detail::ThreadCallOf<void>>(UniqueFunction<void()>([] {}));
    Future<> future = ended->start(EventLoop::current(), {});
    core->crew().when_all_ended([ended] {
        ended->run();
        ended->report();
    });
    try {
        co_await wait_for(std::move(future), limit);
    } catch (const TimeoutError&) {  // NOLINT(bugprone-empty-catch): the join says so
    }
    core->join(Duration::zero());
}

}  // namespace

std::size_t default_pool_size() noexcept {
    return std::clamp<std::size_t>(
        std::thread::hardware_concurrency(), kSmallestDefault, kLargestDefault);
}

ThreadPoolExecutor::ThreadPoolExecutor(const ThreadPoolOptions& options)
    : core_(std::make_shared<detail::ThreadPoolCore>(options)) {
    try {
        core_->start();
    } catch (...) {
        core_->shutdown();
        core_->join(kCloseLimit);
        throw;
    }
}

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers)
    : ThreadPoolExecutor(ThreadPoolOptions{.max_workers = max_workers}) {}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    core_->shutdown();
    core_->join(kCloseLimit);
}

void ThreadPoolExecutor::shutdown() noexcept {
    core_->shutdown();
}

Task<> ThreadPoolExecutor::close(Duration limit) {
    core_->shutdown();
    return wait_for_threads(core_, limit);
}

const ThreadPoolStatistic& ThreadPoolExecutor::statistic() const noexcept {
    return core_->statistic();
}

std::weak_ptr<detail::ThreadCallQueue> ThreadPoolExecutor::queue() const noexcept {
    return core_;
}

void ThreadPoolExecutor::enqueue(std::shared_ptr<detail::ThreadCall> call) {
    core_->enqueue(std::move(call));
}

}  // namespace aiomisc
