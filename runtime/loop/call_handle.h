// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/context_var.h>
#include <aiomisc/runtime/task/scheduler.h>

namespace aiomisc {

namespace detail {

/// A plain callback on its way: queued, or waiting for its moment. Shared by the loop and the
/// CallHandle.
class Call final : public ReadyNode, public TimerNode {
public:
    Call(Scheduler& scheduler, UniqueFunction<void()> function);

    void add_reference() noexcept { ++references_; }

    void release() noexcept {
        if (--references_ == 0) {
            delete this;
        }
    }

    void schedule() noexcept;
    void schedule_at(TimePoint when);
    void cancel() noexcept;

    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

private:
    ~Call() = default;
    void run() noexcept override;
    void expire() noexcept override;

    void drop() noexcept override { cancel(); }

    void drop_timer() noexcept override { cancel(); }

    Scheduler& scheduler_;
    UniqueFunction<void()> function_;
    ContextValues context_;
    unsigned references_ = 0;
    bool pending_ = false;
    bool cancelled_ = false;
};

}  // namespace detail

/// A callback given to call_soon() or call_later(). Dropping it does not cancel the callback.
///
/// Affinity:  loop.
/// Idea:      asyncio.Handle, asyncio.TimerHandle.
class CallHandle {
public:
    CallHandle() = default;

    explicit CallHandle(detail::Reference<detail::Call> call) noexcept : call_(std::move(call)) {}

    /// The callback will not run. A no-op if it ran, or was cancelled before.
    void cancel() noexcept {
        if (call_) {
            call_->cancel();
        }
    }

    [[nodiscard]] bool cancelled() const noexcept { return call_ && call_->cancelled(); }

    /// When a call_later() is due.
    [[nodiscard]] TimePoint when() const noexcept { return call_->deadline(); }

private:
    detail::Reference<detail::Call> call_;
};

}  // namespace aiomisc
