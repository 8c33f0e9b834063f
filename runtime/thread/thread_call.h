// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/context_var.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/thread/loop_bound.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace aiomisc {

struct ThreadPoolStatistic;

namespace detail {

class ThreadCall;

/// Where calls wait for a thread.
class ThreadCallQueue {
public:
    ThreadCallQueue() = default;
    ThreadCallQueue(const ThreadCallQueue&) = delete;
    ThreadCallQueue& operator=(const ThreadCallQueue&) = delete;

    /// Nobody waits for `call` any more; if no thread has it yet, none will.
    virtual void withdraw(ThreadCall& call) noexcept = 0;

protected:
    ~ThreadCallQueue() = default;
};

/// Design of calls in threads
///
/// A ThreadCall is shared by a thread, which runs the function and keeps its outcome in here, and
/// by the loop that asked for it, which has the future. Only the loop's thread touches the future
/// (references to completions are not atomic): the outcome travels as a posted call, through a
/// LoopRef, and is dropped when it comes after the close. The loop's side ends with the first of:
/// the outcome, a cancellation, fail(), the close of the loop. From then on the thread's side is
/// alone.
class ThreadCall : public std::enable_shared_from_this<ThreadCall>,
                   private CompletionObserver,
                   private LoopBound {
public:
    virtual ~ThreadCall() = default;

    /// Runs the function, in the context of the submitter. Returns whether it returned normally.
    /// Affinity: the thread.
    bool run() noexcept;

    /// The same, counted: what run() returns, and how long it takes.
    void run_counted(ThreadPoolStatistic& statistic) noexcept;

    /// Sends the outcome to the loop.
    /// Affinity: the thread, after run(), as the last it does with the call.
    void report() noexcept;

    /// Ends the loop's side with an error. Does nothing if it has ended.
    /// Affinity: any thread.
    void fail(std::exception_ptr error) noexcept;

    /// Whether the loop's side has ended: nobody waits.
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

    /// Of the queue that has it: guarded by its mutex.
    std::list<std::shared_ptr<ThreadCall>>::iterator place;
    bool queued = false;

protected:
    ThreadCall() = default;

    /// Gives the call a loop's side. `queue` is told when that ends early.
    void attach(
        EventLoop& loop, Reference<Completion> future, std::weak_ptr<ThreadCallQueue> queue);

    /// Runs the function and keeps what it returned; destroys the function.
    virtual void invoke() = 0;

    /// Whether the function returned something, which is here still.
    [[nodiscard]] virtual bool has_value() const noexcept = 0;

    /// Sets the future to the outcome.
    virtual void settle(Completion& future) noexcept = 0;
    virtual void settle_with(Completion& future, std::exception_ptr error) noexcept = 0;

    /// What invoke() threw.
    std::exception_ptr error_;

private:
    void deliver() noexcept;
    void warn_of_loss() const noexcept;
    void on_completed(Completion& completion) noexcept override;
    void loop_closed() noexcept override;

    /// Which came first: the outcome, or the close of a loop where somebody had the future. Whoever
    /// comes second deals with the outcome.
    enum class First : std::uint8_t { kNeither, kOutcome, kClose };

    LoopRef loop_;
    ContextValues context_ = ContextValues::current();
    std::weak_ptr<ThreadCallQueue> queue_;
    std::atomic<bool> abandoned_ = false;
    std::atomic<First> first_ = First::kNeither;
    Reference<Completion> future_;  ///< of the loop's thread; null when the loop's side ended
};

template <typename Value>
class ThreadCallOf final : public ThreadCall {
public:
    explicit ThreadCallOf(UniqueFunction<Value()> function) : function_(std::move(function)) {}

    /// Affinity: loop.
    Future<Value> start(EventLoop& loop, std::weak_ptr<ThreadCallQueue> queue) {
        Reference<FutureState<Value>> future(new FutureState<Value>);
        attach(loop, future, std::move(queue));
        return Future<Value>(Reference<CompletionOf<Value>>(future));
    }

private:
    void invoke() override {
        // Destroyed before anybody sees the outcome: what it captured must not outlive the call.
        const DropAfterwards guard(function_);
        if constexpr (std::is_void_v<Value>) {
            function_();
        } else {
            value_.emplace(function_());
        }
    }

    [[nodiscard]] bool has_value() const noexcept override { return value_.has_value(); }

    void settle(Completion& future) noexcept override {
        auto& state = static_cast<FutureState<Value>&>(future);
        if (error_) {
            state.set_exception(std::move(error_));
            return;
        }
        try {
            if constexpr (std::is_void_v<Value>) {
                state.set_value();
            } else {
                state.set_value(std::move(*value_));
                value_.reset();
            }
        } catch (...) {
            state.set_exception(std::current_exception());
        }
    }

    void settle_with(Completion& future, std::exception_ptr error) noexcept override {
        static_cast<FutureState<Value>&>(future).set_exception(std::move(error));
    }

    class DropAfterwards {
    public:
        explicit DropAfterwards(UniqueFunction<Value()>& function) : function_(function) {}

        DropAfterwards(const DropAfterwards&) = delete;
        DropAfterwards& operator=(const DropAfterwards&) = delete;

        ~DropAfterwards() { function_.reset(); }

    private:
        UniqueFunction<Value()>& function_;
    };

    UniqueFunction<Value()> function_;
    std::optional<Stored<Value>> value_;
};

template <typename Value>
inline constexpr bool kIsAwaitable = false;

template <Awaitable Value>
inline constexpr bool kIsAwaitable<Value> = true;

/// What a function called in a thread gives its caller: never a reference into that thread.
template <typename Function, typename... Arguments>
using ThreadResult =
    std::decay_t<std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>>;

/// The function and copies of its arguments, to be called once.
template <typename Function, typename... Arguments>
UniqueFunction<ThreadResult<Function, Arguments...>()> bind_call(
    Function&& function, Arguments&&... arguments) {
    using Result = ThreadResult<Function, Arguments...>;
    static_assert(
        !kIsAwaitable<Result>,
        "a thread runs functions, not coroutines; see sync_await() for those");
    return [function = std::decay_t<Function>(std::forward<Function>(function)),
            arguments = std::tuple<std::decay_t<Arguments>...>(
                std::forward<Arguments>(arguments)...)]() mutable -> Result {
        return std::apply(std::move(function), std::move(arguments));
    };
}

/// The loop for which the running thread works, for sync_await().
/// Affinity: any thread.
[[nodiscard]] LoopRef loop_of_this_thread() noexcept;

}  // namespace detail

}  // namespace aiomisc
