// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/thread/thread_call.h>

#include <memory>
#include <string>
#include <utility>

namespace aiomisc {

struct NewThreadOptions {
    /// Nobody joins the thread. With false the close of the loop waits for it, no longer than
    /// ThreadPoolExecutor::kCloseLimit for all such threads together.
    bool detach = true;
    /// Cut to 15 characters.
    std::string name = "thread";
    /// Not empty: a ThreadPoolStatistic of this name lives as long as the thread.
    std::string statistic_name{};
};

namespace detail {

/// Starts a thread for `call` on the next turn, unless nobody waits for it by then.
void start_soon(EventLoop& loop, NewThreadOptions options, std::shared_ptr<ThreadCall> call);

template <typename Value>
Future<Value> run_call_in_new_thread(
    NewThreadOptions options, std::shared_ptr<ThreadCallOf<Value>> call) {
    EventLoop& loop = EventLoop::current();
    Future<Value> future = call->start(loop, {});
    start_soon(loop, std::move(options), std::move(call));
    return future;
}

}  // namespace detail

/// Calls `function(arguments…)` in a thread of its own, started on the next turn of the loop. There
/// is no limit to their number: it is for what runs long, and would occupy a pool.
///
/// Otherwise as ThreadPoolExecutor::submit(): cancelling never stops the thread, which may outlive
/// the loop, and then has its result dropped.
///
/// Cancel:    ends the await at once; a thread that was not started will not be.
/// Errors:    what the function threw; SystemError (no thread free).
/// Affinity:  loop.
/// Idea:      aiomisc.run_in_new_thread.
template <typename Function, typename... Arguments>
[[nodiscard]] Future<detail::ThreadResult<Function, Arguments...>> run_in_new_thread(
    NewThreadOptions options, Function&& function, Arguments&&... arguments) {
    using Result = detail::ThreadResult<Function, Arguments...>;
    return detail::run_call_in_new_thread(
        std::move(options),
        std::make_shared<detail::ThreadCallOf<Result>>(detail::bind_call(
            std::forward<Function>(function), std::forward<Arguments>(arguments)...)));
}

/// As above, with default options.
template <typename Function, typename... Arguments>
    requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
[[nodiscard]] Future<detail::ThreadResult<Function, Arguments...>> run_in_new_thread(
    Function&& function, Arguments&&... arguments) {
    return run_in_new_thread(
        NewThreadOptions(),
        std::forward<Function>(function),
        std::forward<Arguments>(arguments)...);
}

/// As run_in_new_thread(), for a thread whose result nobody wants: upstream's `no_return`. What it
/// throws goes to the loop's exception handler.
///
/// Affinity:  loop.
template <typename Function, typename... Arguments>
void start_new_thread(NewThreadOptions options, Function&& function, Arguments&&... arguments) {
    // Released, and so not cancelled: the call has the other reference to the future.
    std::move(run_in_new_thread(
                  std::move(options),
                  std::forward<Function>(function),
                  std::forward<Arguments>(arguments)...))
        .release();
}

}  // namespace aiomisc
