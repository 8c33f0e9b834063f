// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>

#include <mutex>
#include <vector>

#include <uv.h>

namespace aiomisc {

class EventLoop;

namespace detail {

/// What other threads know of a loop: where to put calls for it. Outlives the loop for as long as
/// somebody keeps a LoopRef.
class LoopMailbox {
public:
    using Calls = std::vector<UniqueFunction<void()>>;

    LoopMailbox(const EventLoop& loop, uv_async_t& wake) noexcept : loop_(loop), wake_(&wake) {}

    LoopMailbox(const LoopMailbox&) = delete;
    LoopMailbox& operator=(const LoopMailbox&) = delete;
    ~LoopMailbox() = default;

    /// Leaves `function` alone and returns false if the loop is closed.
    bool put(UniqueFunction<void()>& function) {
        const std::lock_guard lock(mutex_);
        if (wake_ == nullptr) {
            return false;
        }
        calls_.push_back(std::move(function));
        // Under the lock: the handle is not closed meanwhile.
        uv_async_send(wake_);
        return true;
    }

    [[nodiscard]] Calls take() noexcept {
        const std::lock_guard lock(mutex_);
        return std::exchange(calls_, {});
    }

    /// Takes nothing from now on, and returns what the loop will not run.
    [[nodiscard]] Calls close() noexcept {
        const std::lock_guard lock(mutex_);
        wake_ = nullptr;
        return std::exchange(calls_, {});
    }

    [[nodiscard]] bool closed() const noexcept {
        const std::lock_guard lock(mutex_);
        return wake_ == nullptr;
    }

    /// To compare with: while it is not closed, no other loop has this address.
    [[nodiscard]] const EventLoop* loop() const noexcept { return &loop_; }

private:
    const EventLoop& loop_;
    mutable std::mutex mutex_;
    Calls calls_;       // guarded by mutex_
    uv_async_t* wake_;  // guarded by mutex_; null when the loop is closed
};

}  // namespace detail

}  // namespace aiomisc
