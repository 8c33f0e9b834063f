// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <optional>
#include <utility>

namespace aiomisc {

namespace detail {

/// Parks a task until a completion has ended; when the time is over, cancels it and goes on waiting
/// for its end.
class LimitedWaiter final : public Waiter, private CompletionObserver, private TimerNode {
public:
    LimitedWaiter(Reference<Completion> completion, std::optional<Duration> timeout) noexcept
        : completion_(std::move(completion)), timeout_(timeout) {}

    LimitedWaiter(const LimitedWaiter&) = delete;
    LimitedWaiter& operator=(const LimitedWaiter&) = delete;
    ~LimitedWaiter();

    [[nodiscard]] bool await_ready() const noexcept { return completion_->done(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        return suspend(handle);
    }

    /// Throws CancelledError if the await was cancelled, TimeoutError if the completion ended
    /// because the time was over. Otherwise the outcome is in the completion.
    void await_resume();

private:
    void park() override;
    bool unpark(CancelReason reason) noexcept override;
    void on_completed(Completion& completion) noexcept override;
    void expire() noexcept override;

    Reference<Completion> completion_;
    std::optional<Duration> timeout_;
    bool expired_ = false;
    bool cancel_passed_on_ = false;
};

template <typename Value>
Task<Value> await_within(Reference<CompletionOf<Value>> state, std::optional<Duration> timeout) {
    co_await LimitedWaiter(state, timeout);
    if constexpr (std::is_void_v<Value>) {
        state->take();
    } else {
        co_return state->take();
    }
}

}  // namespace detail

/// Awaits something for no longer than `timeout`; none means no limit.
///
/// When the time is over, it is cancelled, and this waits until it really ended: a task that
/// swallows the cancellation and returns a value has its value returned, one that throws something
/// else has that thrown. A limit of zero or less fails at once unless the task is done; the body of
/// a Task never runs then.
///
/// Units:     resolution is that of the loop's timers, one millisecond, rounded up.
/// Cancel:    cancels the task and lasts until it ended.
/// Errors:    TimeoutError; what the task threw; CancelledError (the task was cancelled by others).
/// Affinity:  loop.
/// Idea:      asyncio.wait_for.
template <Awaitable Awaited>
Task<AwaitableValue<Awaited>> wait_for(Awaited awaitable, std::optional<Duration> timeout) {
    TaskHandle<AwaitableValue<Awaited>> handle = ensure_future(std::move(awaitable));
    co_await detail::LimitedWaiter(handle.state(), timeout);
    co_return handle.result();
}

/// As above, and the handle stays the caller's.
template <typename Value>
Task<Value> wait_for(TaskHandle<Value>& handle, std::optional<Duration> timeout) {
    return detail::await_within(handle.state(), timeout);
}

}  // namespace aiomisc
