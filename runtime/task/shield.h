// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <functional>
#include <utility>

namespace aiomisc {

namespace detail {

/// Parks a task until a completion has ended, and leaves it alone when cancelled.
class ShieldWaiter final : public Waiter, private CompletionObserver {
public:
    explicit ShieldWaiter(Reference<Completion> completion) noexcept
        : completion_(std::move(completion)) {}

    ShieldWaiter(const ShieldWaiter&) = delete;
    ShieldWaiter& operator=(const ShieldWaiter&) = delete;
    ~ShieldWaiter() = default;

    [[nodiscard]] bool await_ready() const noexcept { return completion_->done(); }

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
    void park() override { completion_->observe(*this); }

    bool unpark(CancelReason) noexcept override {
        stop_observing();
        return true;
    }

    void on_completed(Completion&) noexcept override { wake(); }

    Reference<Completion> completion_;
};

template <typename Value>
Task<Value> take_shielded(Reference<CompletionOf<Value>> state) {
    co_await ShieldWaiter(state);
    if constexpr (std::is_void_v<Value>) {
        state->take();
    } else {
        co_return state->take();
    }
}

}  // namespace detail

/// Awaits `handle` so that cancelling the awaiting task does not cancel it: it goes on in the
/// background, until it or the loop ends.
///
/// An error that it then ends with goes to the loop's exception handler.
///
/// Cancel:    ends at once with CancelledError; the shielded task goes on.
/// Errors:    what the task threw; CancelledError (it was cancelled itself).
/// Affinity:  loop.
/// Idea:      asyncio.shield.
template <typename Value>
Task<Value> shield(TaskHandle<Value>&& handle) {
    return detail::take_shielded<Value>(std::move(handle).release());
}

/// As above, and the handle stays the caller's, who can await it again after a cancellation.
template <typename Value>
Task<Value> shield(TaskHandle<Value>& handle) {
    return detail::take_shielded<Value>(handle.state());
}

/// As above for what is started when this is awaited.
template <Awaitable Awaited>
Task<AwaitableValue<Awaited>> shield(Awaited awaitable) {
    auto state = ensure_future(std::move(awaitable)).release();
    co_return co_await detail::take_shielded<AwaitableValue<Awaited>>(std::move(state));
}

/// Makes a function whose result is shielded: cancelling who awaits it does not cancel what
/// `function` returned. What that is may be a Task, started when this is awaited, or a TaskHandle.
template <typename Function>
    requires(!Awaitable<Function>)
auto shield(Function function) {
    return [function = std::move(function)]<typename... Arguments>(Arguments&&... arguments) {
        return shield(std::invoke(function, std::forward<Arguments>(arguments)...));
    };
}

}  // namespace aiomisc
