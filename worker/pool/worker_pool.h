// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/pool/map_stream.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/pool/pool_call.h>
#include <aiomisc/worker/registry/thunk.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace aiomisc {

class EventLoop;

/// Runs C++ functions in child processes, as if they were local calls.
///
/// A call is encoded, sent to a worker that is free, run there, and its result comes back to the
/// awaiting task; that takes microseconds. A function that crashes, exits or is killed costs its
/// own call and nothing else: the worker is replaced, and every other call goes on.
///
/// Lifecycle: construct (nothing starts), `co_await start()`, use, `co_await close()`. A pool
/// destroyed without close() kills its processes. Nothing survives the parent, however it dies.
///
/// Functions are given as template arguments, or as callables without captures; they must be in the
/// program, or in a module loaded by it. What they may take and return: see ipc/codec/codec.h.
///
/// Fork:      workers are forked from a small process that aiomisc::run() forked before there were
///            threads. They see the program as it was then: what they are to know comes as
///            arguments, or from an initializer.
/// Affinity:  loop.
/// Idea:      aiomisc.WorkerPool.
/// Example:   examples/hello/main.cpp
class WorkerPool {
public:
    /// A pool of the running loop.
    /// Errors: InvalidStateError (no EventLoop runs in this thread).
    explicit WorkerPool(WorkerPoolOptions options = {});

    WorkerPool(EventLoop& loop, WorkerPoolOptions options);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();

    /// Forks supervisor and workers, runs the initializer, and waits until every worker is ready.
    ///
    /// Cancel:    the start goes on in the background; close() ends it.
    /// Errors:    what the initializer threw; PoolBroken (the processes do not come to life within
    ///            WorkerPoolOptions::start_timeout); SystemError (cannot fork); InvalidStateError
    ///            (started before).
    Task<> start();

    /// Ends the processes. Idempotent; may be awaited by several tasks.
    ///
    /// Cancel:    the close goes on in the background.
    /// Errors:    none; what could not be ended is logged.
    Task<> close(CloseOptions options = {});

    /// Calls `kFunction(arguments…)` in a worker process and returns a handle to its result.
    ///
    /// Calls start in the order of submission; with N workers up to N run at once, and may finish
    /// in any order.
    ///
    /// Params:    `arguments` are encoded before this returns, so references need not outlive the
    ///            call.
    /// Units:     one call → one result; encoded arguments and result ≤
    ///            WorkerPoolOptions::max_payload_bytes.
    /// Cancel:    queued: removed, it never runs. Running: the await ends at once with
    ///            CancelledError, the worker is told to stop and killed if it goes on for longer
    ///            than cancel_grace. No other call is touched. See also
    ///            CallOptions::wait_when_cancelled.
    /// Errors:    what the function threw (RemoteError where the type is not a standard one),
    ///            WorkerDied (the process is gone), TaskTimeout, PoolClosed, PoolBroken; thrown
    ///            here: QueueFull, PoolClosed, PoolBroken, ipc::PayloadTooLarge, EncodeError.
    /// See:       map() for streams of inputs in bounded memory; room() to wait while the queue is
    ///            full.
    template <auto kFunction, typename... Arguments>
    [[nodiscard]] auto create_task(Arguments&&... arguments) {
        return submit<detail::FunctionSignature<kFunction>>(
            {}, std::forward<Arguments>(arguments)...);
    }

    /// The same for a callable without captures.
    template <detail::CapturelessCallable Callable, typename... Arguments>
    [[nodiscard]] auto create_task(Callable /*function*/, Arguments&&... arguments) {
        return submit<detail::SignatureOf<Callable>>({}, std::forward<Arguments>(arguments)...);
    }

    /// As create_task(), with options for this call.
    template <auto kFunction, typename... Arguments>
    [[nodiscard]] auto create_task_with(const CallOptions& options, Arguments&&... arguments) {
        return submit<detail::FunctionSignature<kFunction>>(
            options, std::forward<Arguments>(arguments)...);
    }

    template <detail::CapturelessCallable Callable, typename... Arguments>
    [[nodiscard]] auto create_task_with(
        const CallOptions& options, Callable /*function*/, Arguments&&... arguments) {
        return submit<detail::SignatureOf<Callable>>(
            options, std::forward<Arguments>(arguments)...);
    }

    /// As create_task(), but nothing instead of QueueFull.
    template <auto kFunction, typename... Arguments>
    [[nodiscard]] auto try_create_task(Arguments&&... arguments)
        -> std::optional<TaskHandle<typename detail::FunctionSignature<kFunction>::Result>> {
        if (!has_room()) {
            return std::nullopt;
        }
        return create_task<kFunction>(std::forward<Arguments>(arguments)...);
    }

    /// Calls `kFunction(item)` for every item of `inputs` and streams the results.
    ///
    /// `while (auto result = co_await stream.next()) …`. Inputs are taken from the range as workers
    /// need them, many in one message while calls are short; results that nobody takes stop the
    /// taking of inputs. So both may be of any length. See MapStream.
    ///
    /// Params:    `inputs` is moved in; given an lvalue it is referred to, and must outlive the
    ///            stream. A function of several parameters takes items that are tuples.
    template <auto kFunction, std::ranges::input_range Inputs>
    [[nodiscard]] auto map(Inputs&& inputs, MapOptions options = {}) {
        return detail::make_map_stream<detail::FunctionSignature<kFunction>>(
            pool_, std::views::all(std::forward<Inputs>(inputs)), options);
    }

    template <detail::CapturelessCallable Callable, std::ranges::input_range Inputs>
    [[nodiscard]] auto map(Callable /*function*/, Inputs&& inputs, MapOptions options = {}) {
        return detail::make_map_stream<detail::SignatureOf<Callable>>(
            pool_, std::views::all(std::forward<Inputs>(inputs)), options);
    }

    /// Waits until create_task() would not throw QueueFull. Those who wait take turns.
    ///
    /// Cancel:    ends at once; nothing was taken.
    /// Errors:    PoolClosed, PoolBroken.
    Task<> room();

    [[nodiscard]] bool has_room() const noexcept;

    /// Stops all workers and everything they started, as SIGSTOP does, until resume(). Their calls
    /// last longer by that; limits of time do not wait.
    void suspend() noexcept;
    void resume() noexcept;

    /// Cancels every call that no worker has begun, and no other; returns how many. Their handles
    /// end with CancelledError. Maps go on.
    std::size_t cancel_waiting() noexcept;

    /// Processes that the pool keeps.
    [[nodiscard]] std::size_t workers() const noexcept;

    /// Process ids of the workers that are ready.
    [[nodiscard]] std::vector<pid_t> pids() const;

    [[nodiscard]] pid_t supervisor_pid() const noexcept;

    [[nodiscard]] WorkerPoolStatistics statistics() const;

private:
    template <typename Signature, typename... Arguments>
    TaskHandle<typename Signature::Result> submit(
        const CallOptions& options, Arguments&&... arguments) {
        return detail::call_in_pool<Signature>(
            pool_, options, std::forward<Arguments>(arguments)...);
    }

    std::shared_ptr<detail::Pool> pool_;
};

}  // namespace aiomisc
