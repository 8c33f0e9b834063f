// SPDX-License-Identifier: MIT
#include "threaded_core.h"

#include <aiomisc/runtime/base/signals_blocked.h>

#include <algorithm>
#include <utility>

namespace aiomisc::log {

namespace {

constexpr std::chrono::hours kLongest{24 * 365};
constexpr std::size_t kBytesPerRecord = 1024;
constexpr std::size_t kLeastBytes = std::size_t{1} << 20;
/// A target that was asked to give up is given this long.
constexpr std::chrono::seconds kGiveUpLimit{1};

/// So that the sum of a time and of what was asked for is a time still.
ThreadedOptions within_limits(ThreadedOptions options) {
    options.flush_interval = std::min<std::chrono::milliseconds>(options.flush_interval, kLongest);
    options.stall_limit = std::min<std::chrono::milliseconds>(options.stall_limit, kLongest);
    return options;
}

}  // namespace

ThreadedHandler::Core::Core(
    const Sink* handler, std::shared_ptr<Sink> target, ThreadedOptions options)
    : handler_(handler),
      target_(std::move(target)),
      options_(within_limits(std::move(options))),
      most_bytes_(std::max(kLeastBytes, options_.buffer_size * kBytesPerRecord)),
      statistic_(options_.statistic_name) {}

void ThreadedHandler::Core::start(const std::shared_ptr<Core>& core) {
    // Signals are for the program's own threads; SIGPIPE of a write here harms nobody.
    const SignalsBlocked blocked;
    core->thread_ = std::make_unique<std::thread>([core] { core->run(); });
    core->statistic_.threads = 1;
}

bool ThreadedHandler::Core::wait_for_change(
    Lock& lock, Clock::duration limit, Clock::time_point since) {
    if (!writing_ || limit == Clock::duration::zero()) {
        changed_.wait(lock);
        return true;
    }
    const Clock::time_point progress(Clock::duration(progress_.load(std::memory_order_relaxed)));
    const Clock::time_point stalls_at = std::max(progress, since) + limit;
    if (Clock::now() >= stalls_at) {
        return false;
    }
    changed_.wait_until(lock, stalls_at);
    return true;
}

void ThreadedHandler::Core::emit(const Record& record) {
    if (!is_here()) {
        give_to_target(record);
        flush_target();
        return;
    }
    Lock lock(mutex_);
    if ((!closing_ && full() && !wait_for_place(lock)) || (closing_ && !wait_until_closed(lock))) {
        drop();
        return;
    }
    if (closed_) {
        lock.unlock();
        emit_directly(record);
        return;
    }
    waiting_.push(record);
    statistic_.records = static_cast<double>(++records_);
    if (waiting_.size() == 1) {
        wake_.notify_one();
    }
    if (waiting_.size() == options_.buffer_size / 2) {
        urgent_ = true;
        wake_.notify_one();
    }
    if (record.level >= Level::kCritical) {
        // No grace: where the target has stalled, nobody waits.
        wait_until_flushed(lock, request_flush(), {});
    }
}

void ThreadedHandler::Core::drop() noexcept {
    ++dropped_;
    ++statistic_.dropped;
}

void ThreadedHandler::Core::emit_directly(const Record& record) {
    if (abandoned_ || detail::InsideSink::contains(target_.get())) {
        ++statistic_.dropped;
        return;
    }
    const auto lock = detail::lock_for_record(direct_mutex_);
    if (!lock) {
        ++statistic_.dropped;
        return;
    }
    statistic_.records = static_cast<double>(++records_);
    give_to_target(record);
    flush_target();
}

/// Whether there is a place; false when the target has stalled.
bool ThreadedHandler::Core::wait_for_place(Lock& lock) {
    if (std::this_thread::get_id() == thread_->get_id()) {
        return false;  // the target logs: its thread cannot wait for itself
    }
    urgent_ = true;
    wake_.notify_one();
    while (full() && !closing_) {
        if (!wait_for_change(lock, wait_limit())) {
            return false;
        }
    }
    return true;
}

/// What were added now would keep the thread from its end. False when the target has stalled.
bool ThreadedHandler::Core::wait_until_closed(Lock& lock) {
    while (!closed_) {
        // What the target logs cannot wait for the target.
        if (detail::InsideSink::contains(target_.get()) || !wait_for_change(lock, close_limit())) {
            return false;
        }
    }
    return true;
}

/// Two targets that log may wait for each other.
ThreadedHandler::Core::Clock::duration ThreadedHandler::Core::wait_limit() const noexcept {
    return detail::InsideSink::nested() ? close_limit() : options_.stall_limit;
}

ThreadedHandler::Core::Clock::duration ThreadedHandler::Core::close_limit() const noexcept {
    return options_.stall_limit.count() == 0 ? Clock::duration(kGiveUpLimit) : options_.stall_limit;
}

std::uint64_t ThreadedHandler::Core::request_flush() {
    urgent_ = true;
    wake_.notify_one();
    return ++flush_wanted_;
}

void ThreadedHandler::Core::wait_until_flushed(
    Lock& lock, std::uint64_t ticket, Clock::time_point since) {
    if (std::this_thread::get_id() == thread_->get_id()) {
        return;
    }
    while (flush_done_ < ticket && !closed_ && wait_for_change(lock, wait_limit(), since)) {
    }
}

void ThreadedHandler::Core::flush() {
    if (!is_here()) {
        flush_target();
        return;
    }
    Lock lock(mutex_);
    if (closed_) {
        return;
    }
    wait_until_flushed(lock, request_flush(), Clock::now());
}

void ThreadedHandler::Core::run() noexcept {
    ::pthread_setname_np(::pthread_self(), "aiomisc-log");
    Lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return waiting_.size() > 0 || urgent_ || closing_; });
        wake_.wait_for(lock, options_.flush_interval, [this] { return urgent_ || closing_; });
        write_batch(lock);
        if (closing_ && (waiting_.size() == 0 || abandoned_)) {
            break;
        }
    }
    if (abandoned_) {
        statistic_.dropped += static_cast<double>(waiting_.size());
        waiting_.clear(0);
    }
    closed_ = true;
    statistic_.threads = 0;
    changed_.notify_all();
}

/// Writes what waits. The lock is open meanwhile.
void ThreadedHandler::Core::write_batch(Lock& lock) {
    std::swap(waiting_, batch_);
    const std::uint64_t ticket = flush_wanted_;
    const std::uint64_t dropped = std::exchange(dropped_reported_, dropped_);
    urgent_ = false;
    writing_ = true;
    made_progress();
    changed_.notify_all();  // there is place again
    lock.unlock();
    try {
        batch_.for_each([this](const Record& record) {
            if (abandoned_) {
                ++statistic_.dropped;
                return;
            }
            give_to_target(record);
            made_progress();
        });
        if (dropped_reported_ != dropped && !abandoned_) {
            report_dropped(dropped_reported_ - dropped);
        }
    } catch (...) {
        ++statistic_.errors;  // no memory
    }
    if (!abandoned_) {
        flush_target();
    }
    batch_.clear(most_bytes_);
    lock.lock();
    writing_ = false;
    flush_done_ = ticket;
    changed_.notify_all();
}

/// Their place is where they would have been: behind what found the buffer full.
void ThreadedHandler::Core::report_dropped(std::uint64_t dropped) {
    const detail::InsideSink inside_handler(handler_);
    const detail::InsideSink inside(target_.get());
    detail::emit_dropped(*target_, dropped);
}

void ThreadedHandler::Core::give_to_target(const Record& record) noexcept {
    const detail::InsideSink inside_handler(handler_);
    const detail::InsideSink inside(target_.get());
    try {
        target_->emit(record);
    } catch (...) {
        ++statistic_.errors;
    }
}

void ThreadedHandler::Core::flush_target() noexcept {
    const detail::InsideSink inside_handler(handler_);
    const detail::InsideSink inside(target_.get());
    try {
        target_->flush();
    } catch (...) {
        ++statistic_.errors;
    }
    ++statistic_.flushes;
}

void ThreadedHandler::Core::interrupt() noexcept {
    const detail::InsideSink inside_handler(handler_);
    const detail::InsideSink inside(target_.get());
    target_->interrupt();
}

void ThreadedHandler::Core::close() noexcept {
    if (!is_here()) {
        // There is no such thread in this process.
        static_cast<void>(thread_.release());  // NOLINT(bugprone-unused-return-value)
        return;
    }
    Lock lock(mutex_);
    if (!thread_) {
        return;
    }
    closing_ = true;
    wake_.notify_one();
    const Clock::time_point since = Clock::now();
    while (!closed_ && wait_for_change(lock, close_limit(), since)) {
    }
    if (!closed_) {
        abandoned_ = true;
        lock.unlock();
        interrupt();  // may log
        lock.lock();
        changed_.wait_for(lock, kGiveUpLimit, [this] { return closed_; });
    }
    const std::unique_ptr<std::thread> thread = std::move(thread_);
    if (!thread) {
        return;  // another thread has closed it meanwhile
    }
    if (!closed_) {
        thread->detach();  // it keeps this object alive
        closed_ = true;
        return;
    }
    lock.unlock();
    thread->join();
}

}  // namespace aiomisc::log
