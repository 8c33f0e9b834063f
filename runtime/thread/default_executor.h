// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace aiomisc {

/// The pool that threaded() and run_in_executor() use in `loop`: made when it is first asked for,
/// with the statistic name `default`, and closed when the loop is.
///
/// Errors:    ClosedError (the loop is closed); SystemError (no thread free).
/// Affinity:  loop.
ThreadPoolExecutor& default_executor(EventLoop& loop = EventLoop::current());

/// Makes `pool` the default of `loop`, which keeps it until it closes. The one that was it before
/// finishes what it has, and ends with the loop too.
///
/// A pool that nobody else owns is shut down by the close of the loop, which blocks until its
/// threads have ended, no longer than ThreadPoolExecutor::kCloseLimit.
///
/// Errors:    std::invalid_argument (null); ClosedError (the loop is closed).
/// Affinity:  loop.
/// Idea:      asyncio's loop.set_default_executor().
void set_default_executor(EventLoop& loop, std::shared_ptr<ThreadPoolExecutor> pool);

/// Calls `function(arguments…)` in a thread of `executor`; null is the default of the running loop.
/// See ThreadPoolExecutor::submit().
///
/// Affinity:  loop.
/// Idea:      aiomisc.run_in_executor.
template <typename Function, typename... Arguments>
[[nodiscard]] Future<detail::ThreadResult<Function, Arguments...>> run_in_executor(
    ThreadPoolExecutor* executor, Function&& function, Arguments&&... arguments) {
    ThreadPoolExecutor& pool = executor == nullptr ? default_executor() : *executor;
    return pool.submit(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

/// As above, in the default pool of the running loop.
template <typename Function, typename... Arguments>
    requires std::invocable<std::decay_t<Function>, std::decay_t<Arguments>...>
[[nodiscard]] Future<detail::ThreadResult<Function, Arguments...>> run_in_executor(
    Function&& function, Arguments&&... arguments) {
    return default_executor().submit(
        std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

struct EventLoopOptions {
    /// The size of the default pool; none: default_pool_size().
    std::optional<std::size_t> pool_size{};
};

/// A loop whose default pool has the size you say.
///
/// Errors:    std::invalid_argument (`pool_size` is 0); SystemError (no descriptor free).
/// Idea:      aiomisc.new_event_loop.
std::unique_ptr<EventLoop> new_event_loop(const EventLoopOptions& options = {});

}  // namespace aiomisc
