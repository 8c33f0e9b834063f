// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/loop_ref.h>
#include <aiomisc/runtime/task/context_var.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/runtime/thread/thread_call.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace aiomisc {

namespace detail {

/// Where a thread waits for a task of a loop.
class SyncWait {
public:
    SyncWait() = default;
    SyncWait(const SyncWait&) = delete;
    SyncWait& operator=(const SyncWait&) = delete;

    /// Ends the wait, unless it has ended. With null, the outcome is in the derived part.
    void finish(std::exception_ptr error) noexcept;

    /// Errors: what it was finished with.
    void wait();

protected:
    ~SyncWait() = default;

private:
    std::mutex mutex_;
    std::condition_variable finished_;
    std::exception_ptr error_;  // guarded by mutex_
    bool done_ = false;         // guarded by mutex_
};

template <typename Value>
struct SyncWaitOf final : SyncWait {
    std::optional<Stored<Value>> value;  ///< the loop's until finish()
};

/// The loop's obligation to answer: dying without an answer, as when the loop closes first, is one.
template <typename Value>
class SyncAnswer {
public:
    explicit SyncAnswer(std::shared_ptr<SyncWaitOf<Value>> wait) : wait_(std::move(wait)) {}

    SyncAnswer(SyncAnswer&&) noexcept = default;
    SyncAnswer& operator=(SyncAnswer&&) = delete;
    SyncAnswer(const SyncAnswer&) = delete;
    SyncAnswer& operator=(const SyncAnswer&) = delete;

    ~SyncAnswer() {
        if (wait_) {
            fail(std::make_exception_ptr(ClosedError("the loop was closed")));
        }
    }

    /// Puts down what finish() is to answer.
    template <typename... Arguments>
    void keep(Arguments&&... arguments) {
        wait_->value.emplace(std::forward<Arguments>(arguments)...);
    }

    void finish() noexcept { std::exchange(wait_, nullptr)->finish(nullptr); }

    void fail(std::exception_ptr error) noexcept {
        std::exchange(wait_, nullptr)->finish(std::move(error));
    }

private:
    std::shared_ptr<SyncWaitOf<Value>> wait_;
};

/// Errors: InvalidStateError ("no current event loop is set"; this thread runs the loop).
void check_may_wait_for(const LoopRef& loop);

/// What a thread asks of a loop. Dies in reverse, the answer last: whoever gets it may rely on
/// everything else being gone.
template <typename Value, typename Start>
struct SyncRequest {
    SyncAnswer<Value> answer;
    std::optional<Start> start;
};

/// Awaits what `start` gives, destroys it and `start`, and answers.
template <typename Value, typename Start>
Task<> answer_thread(SyncRequest<Value, Start> request) {
    std::exception_ptr error;
    try {
        auto awaitable = (*request.start)();
        if constexpr (std::is_void_v<Value>) {
            co_await std::move(awaitable);
            request.answer.keep();
        } else {
            Value value = co_await std::move(awaitable);
            request.answer.keep(std::move(value));
        }
    } catch (...) {
        error = std::current_exception();
    }
    request.start.reset();
    // Out of the handler, which has a reference to the exception: the thread is to have the last.
    if (error) {
        request.answer.fail(std::exchange(error, nullptr));
    } else {
        request.answer.finish();
    }
}

/// Starts the task that answers, unless the loop is ending its tasks.
/// Affinity: loop.
template <typename Value, typename Start>
void start_answering(SyncRequest<Value, Start>& request, ContextValues& context) {
    EventLoop& loop = EventLoop::current();
    if (loop.ending()) {
        request.start.reset();
        request.answer.fail(std::make_exception_ptr(CancelledError(CancelReason::kShutdown)));
        return;
    }
    ContextValues* const previous = ContextValues::exchange_current(&context);
    auto task = loop.create_task(answer_thread(std::move(request)), "sync_await");
    ContextValues::exchange_current(previous);
    std::move(task).release();
}

/// Runs `start` on the loop, awaits what it gives there, and blocks this thread meanwhile.
template <typename Value, typename Start>
Value wait_in_thread(const LoopRef& loop, Start start) {
    check_may_wait_for(loop);
    const auto wait = std::make_shared<SyncWaitOf<Value>>();
    // Not taken or not run, it answers when it dies.
    loop.call_soon_threadsafe(
        [request = SyncRequest<Value, Start>{SyncAnswer<Value>(wait), std::move(start)},
         context = ContextValues::current()]() mutable { start_answering(request, context); });
    wait->wait();
    if constexpr (!std::is_void_v<Value>) {
        Value value = std::move(*wait->value);
        wait->value.reset();  // here: the last reference may be the loop's
        return value;
    }
}

template <typename Function, typename... Arguments>
using SyncResult =
    AwaitableValue<std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>>;

}  // namespace detail

/// From another thread: calls `function(arguments…)` on `loop`, awaits there the Task or TaskHandle
/// that it returns, and blocks this thread until that has ended.
///
/// Function and arguments are copied or moved; context variables are those of this thread. There is
/// no time limit: put a wait_for() into the function. A loop that exists but does not run keeps the
/// thread waiting until it runs, or closes.
///
/// When this returns or throws, the coroutine and everything it was given are gone.
///
/// Errors:    what it throws; CancelledError (the task was cancelled, by itself or by the closing
///            loop; the loop is ending its tasks); ClosedError (the loop closed before it began);
///            InvalidStateError (this thread runs the loop).
/// Affinity:  any thread but the loop's.
/// Idea:      aiomisc.sync_wait_coroutine.
template <typename Function, typename... Arguments>
detail::SyncResult<Function, Arguments...> sync_wait_coroutine(
    const LoopRef& loop, Function&& function, Arguments&&... arguments) {
    return detail::wait_in_thread<detail::SyncResult<Function, Arguments...>>(
        loop,
        [function = std::decay_t<Function>(std::forward<Function>(function)),
         arguments = std::tuple<std::decay_t<Arguments>...>(
             std::forward<Arguments>(arguments)...)]() mutable {
            return std::apply(std::move(function), std::move(arguments));
        });
}

/// The same, on a loop by name.
///
/// Idea:      aiomisc.sync_await.
template <typename Function, typename... Arguments>
detail::SyncResult<Function, Arguments...> sync_await(
    const LoopRef& loop, Function&& function, Arguments&&... arguments) {
    return sync_wait_coroutine(
        loop, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

/// The same, on the loop that started this thread.
///
/// Errors:    also InvalidStateError ("no current event loop is set": no loop did).
template <typename Function, typename... Arguments>
    requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
detail::SyncResult<Function, Arguments...> sync_await(
    Function&& function, Arguments&&... arguments) {
    return sync_wait_coroutine(
        detail::loop_of_this_thread(),
        std::forward<Function>(function),
        std::forward<Arguments>(arguments)...);
}

/// From another thread: runs `task` on `loop`, and blocks this thread until it has ended. See
/// sync_wait_coroutine().
///
/// Params:    `loop` none: the loop that started this thread.
/// Idea:      aiomisc.wait_coroutine.
template <typename Value>
Value wait_coroutine(Task<Value> task, LoopRef loop = {}) {
    return detail::wait_in_thread<Value>(
        loop ? loop : detail::loop_of_this_thread(),
        [task = std::move(task)]() mutable { return std::move(task); });
}

}  // namespace aiomisc
