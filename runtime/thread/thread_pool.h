// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/statistic.h>
#include <aiomisc/runtime/thread/thread_call.h>
#include <aiomisc/runtime/thread/thread_errors.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace aiomisc {

namespace detail {

class ThreadPoolCore;

}  // namespace detail

/// What a ThreadPoolExecutor counts.
struct ThreadPoolStatistic final : Statistic {
    static constexpr std::string_view kKind = "ThreadPoolStatistic";

    explicit ThreadPoolStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric threads{metric("threads")};      ///< there are now
    Metric submitted{metric("submitted")};  ///< calls taken
    Metric done{metric("done")};            ///< calls that a thread ran to their end
    Metric success{metric("success")};      ///< of these, returned
    Metric error{metric("error")};          ///< of these, threw
    Metric sum_time{metric("sum_time")};    ///< seconds that threads spent in calls
};

struct ThreadPoolOptions {
    /// None: default_pool_size().
    std::optional<std::size_t> max_workers{};
    /// Names the pool's ThreadPoolStatistic, and its threads: `NAME-3`, cut to 15 characters.
    std::string statistic_name{};
    /// Calls that may wait for a thread; one more is refused with ThreadPoolFull. 0: no limit.
    std::size_t max_queue = 0;
};

/// The number of processors, but at least 4 and at most 32.
[[nodiscard]] std::size_t default_pool_size() noexcept;

/// Threads that run what would block a loop.
///
/// Starts with two threads. When all are busy and something is submitted, their number doubles, up
/// to `max_workers`; it never shrinks. Calls begin in the order of submission.
///
/// A call and the loop that asked for it are independent: dropping or cancelling the future never
/// stops a thread. A call that no thread has begun leaves the queue then, and the outcome of one
/// that runs is dropped; so it is when the loop closes meanwhile.
///
/// close() is how a pool ends inside a coroutine. The destructor blocks: it waits for the running
/// calls, no longer than kCloseLimit, which a call uses up that waits for the loop it blocks.
///
/// Errors:    std::invalid_argument (`max_workers` is 0); SystemError (no thread free).
/// Affinity:  any thread; submit() and close() on the thread of a running EventLoop, be it not
///            always the same one.
/// Idea:      aiomisc.ThreadPoolExecutor.
/// Example:   tests/unit/runtime/thread/thread_pool_test.cpp
class ThreadPoolExecutor {
public:
    /// How long close() and the destructor wait for calls that run.
    static constexpr std::chrono::seconds kCloseLimit{10};

    explicit ThreadPoolExecutor(const ThreadPoolOptions& options = {});
    explicit ThreadPoolExecutor(std::size_t max_workers);
    ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
    ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;
    ~ThreadPoolExecutor();

    /// Has a thread call `function(arguments…)`, and gives what it returns.
    ///
    /// Function and arguments are copied or moved, as by std::thread; std::ref() passes a
    /// reference, to what must then outlive the call, not only the await. Context variables are
    /// those of the caller, and what the call sets is invisible here.
    ///
    /// Cancel:    ends the await at once; see above.
    /// Errors:    what the function threw; ThreadPoolException (the pool was closed meanwhile:
    ///            "Pool closed"). At once: InvalidStateError (shut down before: "Pool is
    ///            shutdown"; no EventLoop runs in this thread), ThreadPoolFull.
    template <typename Function, typename... Arguments>
    [[nodiscard]] Future<detail::ThreadResult<Function, Arguments...>> submit(
        Function&& function, Arguments&&... arguments) {
        using Result = detail::ThreadResult<Function, Arguments...>;
        return submit_call(std::make_shared<detail::ThreadCallOf<Result>>(detail::bind_call(
            std::forward<Function>(function), std::forward<Arguments>(arguments)...)));
    }

    /// The same for a call made before: its context is that of the moment when it was made.
    template <typename Value>
    [[nodiscard]] Future<Value> submit_call(std::shared_ptr<detail::ThreadCallOf<Value>> call) {
        Future<Value> future = call->start(EventLoop::current(), queue());
        enqueue(std::move(call));
        return future;
    }

    /// Takes no more calls. Those that wait or run fail with ThreadPoolException("Pool closed"), at
    /// once: those that wait never run, those that run end unobserved. Idempotent; does not wait.
    void shutdown() noexcept;

    /// shutdown(), and waits until all threads have ended, no longer than `limit`: then it logs a
    /// warning, and leaves those that have not to themselves.
    ///
    /// Cancel:    ends the wait; the pool is shut down.
    /// Affinity:  loop.
    Task<> close(Duration limit = kCloseLimit);

    [[nodiscard]] const ThreadPoolStatistic& statistic() const noexcept;

private:
    [[nodiscard]] std::weak_ptr<detail::ThreadCallQueue> queue() const noexcept;
    void enqueue(std::shared_ptr<detail::ThreadCall> call);

    std::shared_ptr<detail::ThreadPoolCore> core_;
};

}  // namespace aiomisc
