// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/pool/pool_call.h>
#include <aiomisc/worker/pool/statistic.h>
#include <aiomisc/worker/registry/thunk.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace aiomisc {

class EventLoop;

struct ProcessPoolExecutorOptions {
    /// Processes. 0: as many as the machine has processors for us, and 4 at least.
    std::size_t max_workers = 0;
    /// Run in each worker before its first call: `initialize_with<fn>(…)`. One that throws ends its
    /// worker, and so breaks the executor.
    std::optional<Initializer> initializer{};
    /// A worker is replaced after this many calls; 0: never.
    std::uint64_t max_tasks_per_child = 0;
    /// Limits of each worker process.
    process::ResourceLimits limits{};
    /// Name in logs and errors.
    std::string name = "executor";
    /// Name of the executor's ProcessPoolStatistic; empty: `name`.
    std::string statistic_name{};
};

/// Runs C++ functions in child processes that share one fate: Python's process pool.
///
///     aiomisc::ProcessPoolExecutor executor;
///     int result = co_await executor.submit<square>(7);
///     co_await executor.shutdown();
///
/// It is a WorkerPool with other manners; what is not said here is as there:
///
/// - The initializer runs in every worker, not once for all.
/// - A worker that dies, whatever of, breaks the executor: every call that runs or waits fails with
///   BrokenProcessPool, and so does every later submit(). Nothing is started again. (A worker that
///   max_tasks_per_child replaces does not count as dead.)
/// - A call that runs is not told to stop. Cancelling its handle ends the await at once; the call
///   goes on to its end, keeps its worker busy, and its result is dropped. A call that still waits
///   never runs.
///
/// Who wants calls to fail one by one, and to stop when cancelled, takes a WorkerPool.
///
/// Lifecycle: construct (nothing starts), submit(), `co_await shutdown()`. The first call, or
///            start(), forks the processes. Destroyed without shutdown(), it kills them.
/// Fork:      as WorkerPool.
/// Affinity:  loop.
/// Idea:      aiomisc.ProcessPoolExecutor, concurrent.futures.ProcessPoolExecutor.
/// See:       get_statistics<ProcessPoolStatistic>().
class ProcessPoolExecutor {
public:
    /// An executor of the running loop.
    /// Errors: InvalidStateError (no EventLoop runs in this thread).
    explicit ProcessPoolExecutor(ProcessPoolExecutorOptions options = {});

    ProcessPoolExecutor(EventLoop& loop, ProcessPoolExecutorOptions options);
    ProcessPoolExecutor(const ProcessPoolExecutor&) = delete;
    ProcessPoolExecutor& operator=(const ProcessPoolExecutor&) = delete;
    ~ProcessPoolExecutor();

    /// Waits until all workers are forked. Needs not be called: submit() starts them as well.
    ///
    /// Cancel:    the start goes on in the background.
    /// Errors:    BrokenProcessPool, SystemError (cannot fork), PoolClosed.
    Task<> start();

    /// Calls `kFunction(arguments…)` in a worker and returns a handle to its result.
    ///
    /// Params:    `arguments` are encoded before this returns.
    /// Cancel:    waiting: removed, it never runs. Running: the await ends, the call goes on.
    /// Errors:    what the function threw (RemoteError where the type is not a standard one),
    ///            BrokenProcessPool, PoolClosed (by close()); thrown here: PoolClosed,
    ///            BrokenProcessPool, SystemError (the first: cannot fork), ipc::PayloadTooLarge,
    ///            EncodeError.
    template <auto kFunction, typename... Arguments>
    [[nodiscard]] auto submit(Arguments&&... arguments) {
        return detail::call_in_pool<detail::FunctionSignature<kFunction>>(
            pool_, {}, std::forward<Arguments>(arguments)...);
    }

    /// The same for a callable without captures.
    template <detail::CapturelessCallable Callable, typename... Arguments>
    [[nodiscard]] auto submit(Callable /*function*/, Arguments&&... arguments) {
        return detail::call_in_pool<detail::SignatureOf<Callable>>(
            pool_, {}, std::forward<Arguments>(arguments)...);
    }

    /// Takes no more calls, lets those that run or wait come to their end, and ends the processes.
    /// Idempotent.
    ///
    /// Params:    `wait` false: returns at once, and all that goes on in the background. Destroying
    ///            the executor ends it.
    /// Cancel:    goes on in the background.
    /// Errors:    none; what could not be ended is logged.
    Task<> shutdown(bool wait = true);

    /// Ends the processes now: calls that run or wait fail with PoolClosed. Idempotent.
    ///
    /// Cancel:    goes on in the background.
    /// Errors:    none; what could not be ended is logged.
    Task<> close();

    /// Processes that the executor keeps once it is started.
    [[nodiscard]] std::size_t max_workers() const noexcept;

    /// Process ids of the workers that are ready.
    [[nodiscard]] std::vector<pid_t> pids() const;

private:
    std::shared_ptr<detail::Pool> pool_;
};

/// `executor.submit<kFunction>(arguments…)`, spelled as for threads.
template <auto kFunction, typename... Arguments>
[[nodiscard]] auto run_in_executor(ProcessPoolExecutor& executor, Arguments&&... arguments) {
    return executor.submit<kFunction>(std::forward<Arguments>(arguments)...);
}

template <detail::CapturelessCallable Callable, typename... Arguments>
[[nodiscard]] auto run_in_executor(
    ProcessPoolExecutor& executor, Callable function, Arguments&&... arguments) {
    return executor.submit(function, std::forward<Arguments>(arguments)...);
}

}  // namespace aiomisc
