// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/operation.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/timer_queue.h>

namespace aiomisc {

namespace detail {

class SleepWaiter final : public Waiter, private TimerNode {
public:
    explicit SleepWaiter(Duration duration) noexcept : duration_(duration) {}

    SleepWaiter(const SleepWaiter&) = delete;
    SleepWaiter& operator=(const SleepWaiter&) = delete;

    ~SleepWaiter() {
        if (armed()) {
            scheduler().disarm(*this);
        }
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        return suspend(handle);
    }

    void await_resume() {
        if (resumed()) {
            throw_cancelled();
        }
    }

private:
    void park() override {
        if (duration_ <= Duration::zero()) {
            wake();
        } else {
            scheduler().arm(*this, deadline_after(scheduler().now(), duration_));
        }
    }

    bool unpark(CancelReason) noexcept override {
        scheduler().disarm(*this);
        return true;
    }

    void expire() noexcept override { wake(); }

    Duration duration_;
};

}  // namespace detail

/// Waits for `duration`; zero or less gives the other tasks one turn.
///
/// Units:     resolution is that of the loop's timers, one millisecond, rounded up.
/// Cancel:    ends at once with CancelledError.
/// Affinity:  loop.
/// Idea:      asyncio.sleep.
inline detail::Operation<void, detail::SleepWaiter, Duration> sleep(Duration duration) {
    return detail::Operation<void, detail::SleepWaiter, Duration>(duration);
}

}  // namespace aiomisc
