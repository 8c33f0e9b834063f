// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/task.h>

#include <string>
#include <utility>

namespace aiomisc {

namespace detail {

/// Calls `callback` on a later turn once `completion` has ended, in the caller's context.
void call_when_done(Reference<Completion> completion, UniqueFunction<void()> callback);

/// Parks a task until a completion has ended.
class CompletionWaiter : public Waiter, private CompletionObserver {
public:
    explicit CompletionWaiter(Reference<Completion> completion)
        : completion_(std::move(completion)) {}

    CompletionWaiter(const CompletionWaiter&) = delete;
    CompletionWaiter& operator=(const CompletionWaiter&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return completion_->done(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        return suspend(handle);
    }

protected:
    ~CompletionWaiter() = default;

    /// Throws if the await itself was cancelled.
    void end_wait() {
        if (resumed()) {
            // Cancelled between the end and this: the outcome counts as seen, as in asyncio.
            completion_->mark_seen();
            throw_cancelled();
        }
    }

private:
    void park() override { completion_->observe(*this); }

    // As in asyncio, cancelling the awaiting task cancels what it awaits, and the await lasts until
    // that ended.
    bool unpark(CancelReason reason) noexcept override {
        completion_->cancel(reason);
        return false;
    }

    void on_completed(Completion&) noexcept override { wake(); }

    Reference<Completion> completion_;
};

}  // namespace detail

/// Something that is already running: a spawned task, or a call in a worker pool.
///
/// Await it once for its value. Dropping a handle that was not awaited cancels what it stands for:
/// nothing runs unowned. Await it, keep it, or give the work to a TaskGroup.
///
/// Cancel:    cancelling the awaiting task cancels what is awaited, and the await lasts until it
///            has ended; put shield() between to prevent it.
/// Errors:    what the task threw; CancelledError (it was cancelled); InvalidStateError (awaited
///            a second time).
/// Affinity:  loop.
/// Idea:      asyncio.Task.
template <typename Value = void>
class [[nodiscard("dropping a TaskHandle cancels the task")]] TaskHandle {
public:
    using value_type = Value;
    using State = detail::CompletionOf<Value>;

    TaskHandle() noexcept = default;

    explicit TaskHandle(detail::Reference<State> state) noexcept : state_(std::move(state)) {}

    TaskHandle(TaskHandle&&) noexcept = default;

    TaskHandle& operator=(TaskHandle&& other) noexcept {
        if (this != &other) {
            drop();
            state_ = std::move(other.state_);
        }
        return *this;
    }

    TaskHandle(const TaskHandle&) = delete;
    TaskHandle& operator=(const TaskHandle&) = delete;

    ~TaskHandle() { drop(); }

    /// Whether this stands for anything.
    explicit operator bool() const noexcept { return static_cast<bool>(state_); }

    [[nodiscard]] bool done() const noexcept { return state_->done(); }

    /// Whether it ended because CancelledError left its body.
    [[nodiscard]] bool cancelled() const noexcept {
        return state_->status() == detail::Completion::Status::kCancelled;
    }

    /// Asks it to end. A no-op once it has ended.
    void cancel(CancelReason reason = CancelReason::kRequested) noexcept { state_->cancel(reason); }

    /// The value of a task that is done, without waiting.
    /// Errors: as awaiting it; InvalidStateError (not done).
    Value result() {
        if constexpr (std::is_void_v<Value>) {
            state_->take();
        } else {
            return state_->take();
        }
    }

    /// The error of a task that is done, or null.
    [[nodiscard]] std::exception_ptr exception() const noexcept { return state_->error(); }

    /// Runs `callback` on a later turn once this has ended, or, if it has, on the next.
    ///
    /// The callback has the context variables of the caller, and survives the handle.
    /// Errors: InvalidStateError (not a task, and no loop runs in this thread).
    void add_done_callback(UniqueFunction<void()> callback) {
        detail::call_when_done(state_, std::move(callback));
    }

    /// The name given to create_task(), or an empty one.
    [[nodiscard]] std::string name() const { return state_->task_name(); }

    auto operator co_await() const noexcept {
        struct Awaiter final : detail::CompletionWaiter {
            explicit Awaiter(detail::Reference<State> awaited)
                : CompletionWaiter(awaited), state(std::move(awaited)) {}

            Value await_resume() {
                end_wait();
                if constexpr (std::is_void_v<Value>) {
                    state->take();
                } else {
                    return state->take();
                }
            }

            detail::Reference<State> state;
        };

        return Awaiter(state_);
    }

    /// The shared side, for combinators.
    [[nodiscard]] const detail::Reference<State>& state() const noexcept { return state_; }

    /// Gives up the handle without cancelling: the loop, or a combinator, owns the work from here.
    detail::Reference<State> release() && noexcept { return std::exchange(state_, {}); }

private:
    void drop() noexcept {
        if (state_ && !state_->done()) {
            state_->cancel(CancelReason::kDropped);
        }
        state_ = {};
    }

    detail::Reference<State> state_;
};

/// Starts `task` on `scheduler`: its body begins on a later turn, after what was scheduled before
/// it.
///
/// Affinity:  loop.
template <typename Value>
TaskHandle<Value> create_task(Scheduler& scheduler, Task<Value> task, std::string name = {}) {
    AIOMISC_CHECK(static_cast<bool>(task), "create_task() needs a task that was not moved from");
    auto* root = new detail::RootTask<Value>(scheduler, std::move(task));
    if (!name.empty()) {
        root->set_name(std::move(name));
    }
    return TaskHandle<Value>(detail::Reference<detail::CompletionOf<Value>>(root));
}

/// Starts `task` on the running loop.
/// Errors: InvalidStateError (no loop runs in this thread).
template <typename Value>
TaskHandle<Value> create_task(Task<Value> task, std::string name = {}) {
    return create_task(Scheduler::current(), std::move(task), std::move(name));
}

/// What combinators accept: a Task is started, a TaskHandle is taken over.
template <typename Value>
TaskHandle<Value> ensure_future(Task<Value> task) {
    return create_task(std::move(task));
}

template <typename Value>
TaskHandle<Value> ensure_future(TaskHandle<Value> handle) {
    return handle;
}

/// What gather(), select() and their like take: a Task or a TaskHandle.
template <typename Candidate>
concept Awaitable = requires(Candidate candidate) { ensure_future(std::move(candidate)); };

template <Awaitable Awaited>
using AwaitableValue = typename Awaited::value_type;

}  // namespace aiomisc
