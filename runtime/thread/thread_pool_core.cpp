// SPDX-License-Identifier: MIT
#include "thread_pool_core.h"

#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::detail {

namespace {

constexpr std::size_t kFirstThreads = 2;

std::size_t checked_size(const std::optional<std::size_t>& wanted) {
    if (wanted == std::size_t{0}) {
        throw std::invalid_argument("a thread pool needs max_workers of 1 or more");
    }
    return wanted.value_or(default_pool_size());
}

}  // namespace

ThreadPoolCore::ThreadPoolCore(const ThreadPoolOptions& options)
    : max_workers_(checked_size(options.max_workers)),
      max_queue_(options.max_queue),
      statistic_(options.statistic_name) {}

void ThreadPoolCore::start() {
    const std::lock_guard lock(mutex_);
    start_threads(std::min(kFirstThreads, max_workers_));
}

/// Under the lock.
void ThreadPoolCore::start_threads(std::size_t wanted) {
    const std::string& name = statistic_.name().empty() ? "thread-pool" : statistic_.name();
    while (threads_ < wanted) {
        // The number is what tells threads apart: it is the name that is cut.
        const std::string number = fmt::format("-{}", threads_ + 1);
        crew_->start(
            name.substr(0, ThreadCrew::kLongestName - number.size()) + number,
            [core = shared_from_this()] { core->work(); });
        ++threads_;
        ++statistic_.threads;
    }
}

void ThreadPoolCore::enqueue(std::shared_ptr<ThreadCall> call) {
    {
        const std::lock_guard lock(mutex_);
        if (shutdown_) {
            throw InvalidStateError("Pool is shutdown");
        }
        if (max_queue_ > 0 && queue_.size() >= max_queue_) {
            throw ThreadPoolFull(fmt::format("{} calls wait for a thread already", max_queue_));
        }
        if (queue_.size() + running_.size() >= threads_ && threads_ < max_workers_) {
            try {
                start_threads(std::min(threads_ * 2, max_workers_));
            } catch (const SystemError& error) {
                log::warning("aiomisc.thread", "the pool does not grow: {}", error.what());
            }
        }
        call->place = queue_.insert(queue_.end(), call);
        call->queued = true;
        ++statistic_.submitted;
    }
    work_.notify_one();
}

void ThreadPoolCore::withdraw(ThreadCall& call) noexcept {
    Calls withdrawn;  // destroyed after the lock: what it captured is the user's
    const std::lock_guard lock(mutex_);
    if (std::exchange(call.queued, false)) {
        withdrawn.splice(withdrawn.end(), queue_, call.place);
    }
}

void ThreadPoolCore::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return shutdown_ || !queue_.empty(); });
        if (shutdown_) {
            break;
        }
        const auto place = queue_.begin();
        (*place)->queued = false;
        running_.splice(running_.end(), queue_, place);
        lock.unlock();
        run(**place);
        lock.lock();
        Calls ended;
        ended.splice(ended.end(), running_, place);
        lock.unlock();
        ended.clear();
        lock.lock();
    }
    --statistic_.threads;
}

void ThreadPoolCore::run(ThreadCall& call) noexcept {
    if (call.abandoned()) {
        return;
    }
    call.run_counted(statistic_);
    call.report();
}

void ThreadPoolCore::shutdown() noexcept {
    Calls queued;
    std::vector<std::shared_ptr<ThreadCall>> running;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(shutdown_, true)) {
            return;
        }
        queued.swap(queue_);
        for (const auto& call : queued) {
            call->queued = false;
        }
        running.assign(running_.begin(), running_.end());
    }
    work_.notify_all();
    const auto closed = std::make_exception_ptr(ThreadPoolException("Pool closed"));
    for (const auto& call : running) {
        call->fail(closed);
    }
    for (const auto& call : queued) {
        call->fail(closed);
    }
}

void ThreadPoolCore::join(Duration limit) noexcept {
    if (const std::size_t left = crew_->join(limit); left > 0) {
        log::warning(
            "aiomisc.thread",
            "pool \"{}\" is closed, and {} of its threads have not ended",
            statistic_.name(),
            left);
    }
}

}  // namespace aiomisc::detail
