// SPDX-License-Identifier: MIT
#pragma once

#include "delivery.h"
#include "record_queue.h"

#include <aiomisc/runtime/log/threaded_handler.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <thread>

namespace aiomisc::log {

/// What the handler and its thread share.
class ThreadedHandler::Core {
public:
    Core(const Sink* handler, std::shared_ptr<Sink> target, ThreadedOptions options);

    static void start(const std::shared_ptr<Core>& core);

    void emit(const Record& record);
    void flush();
    void close() noexcept;

    void interrupt() noexcept;

    [[nodiscard]] const ThreadedHandlerStatistic& statistic() const noexcept { return statistic_; }

    [[nodiscard]] bool is_here() const noexcept { return generation_ == detail::fork_generation(); }

private:
    using Clock = std::chrono::steady_clock;
    using Lock = std::unique_lock<std::mutex>;

    void run() noexcept;
    void write_batch(Lock& lock);
    void report_dropped(std::uint64_t dropped);
    void give_to_target(const Record& record) noexcept;
    void flush_target() noexcept;
    void emit_directly(const Record& record);
    void drop() noexcept;
    bool wait_for_place(Lock& lock);
    bool wait_until_closed(Lock& lock);
    void wait_until_flushed(Lock& lock, std::uint64_t ticket, Clock::time_point since);
    std::uint64_t request_flush();

    /// Called with every record: by the clock that the kernel advances some hundred times a second,
    /// which costs a fifth of the exact one, and may be those milliseconds behind it.
    void made_progress() noexcept {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
        const Clock::duration since_start =
            std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
        progress_.store(since_start.count(), std::memory_order_relaxed);
    }

    /// Waits for a change; false, at once, when the target is in a call that has lasted longer than
    /// `limit`, of which only the time after `since` counts. A limit of zero: never.
    bool wait_for_change(Lock& lock, Clock::duration limit, Clock::time_point since = {});

    /// Of a wait for the target.
    [[nodiscard]] Clock::duration wait_limit() const noexcept;
    [[nodiscard]] Clock::duration close_limit() const noexcept;

    [[nodiscard]] bool full() const noexcept {
        return waiting_.size() >= options_.buffer_size || waiting_.bytes() >= most_bytes_;
    }

    const Sink* const handler_;  ///< compared only
    const std::shared_ptr<Sink> target_;
    const ThreadedOptions options_;
    const std::size_t most_bytes_;
    const std::uint64_t generation_ = detail::fork_generation();
    ThreadedHandlerStatistic statistic_;
    std::unique_ptr<std::thread> thread_;

    std::mutex mutex_;
    std::condition_variable wake_;     ///< for the thread
    std::condition_variable changed_;  ///< for those who wait for a place or a flush
    detail::RecordQueue waiting_;
    detail::RecordQueue batch_;  ///< the thread's own, while writing_
    bool urgent_ = false;        ///< not to wait for flush_interval
    bool writing_ = false;
    bool closing_ = false;                ///< nothing is to be added
    bool closed_ = false;                 ///< the thread is at its end
    std::atomic<bool> abandoned_{false};  ///< the target is stuck
    std::uint64_t flush_wanted_ = 0;
    std::uint64_t flush_done_ = 0;
    std::uint64_t records_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_reported_ = 0;
    std::atomic<Clock::rep> progress_{0};
    std::mutex direct_mutex_;  ///< of the target, once the thread is gone
};

}  // namespace aiomisc::log
