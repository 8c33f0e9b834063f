// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/hooks.h>

namespace aiomisc::process {

/// The exit status of a worker that could not be set up; its crash note says why.
inline constexpr int kWorkerSetupFailed = 71;

/// What the supervisor leaves to a worker that it forks.
struct WorkerFork {
    ChildKey key;
    UniqueFd channel;
    UniqueFd page;
    UniqueFd out;  ///< stdout, where not inherited
    UniqueFd err;  ///< stderr, where not inherited
    const PoolSetup* setup = nullptr;
    pid_t supervisor = 0;
    int oom_score_adjust = 0;
};

/// Turns a process just forked by the supervisor into a worker, runs it, and ends it.
///
/// The worker dies with the supervisor, holds no descriptor but 0, 1, 2 and its channel, keeps its
/// descendants below it, and has the limits of the pool.
///
/// However it ends, handlers that the parent registered with atexit() and destructors of objects it
/// made do not run: they are the parent's, and run there. A task that calls exit() does run what
/// tasks of this worker registered, and stdio is flushed. at_quick_exit() handlers cannot be told
/// apart and do run. (With a C library other than glibc, exit() runs all handlers.)
///
/// Affinity: fork-child.
[[noreturn]] void run_worker_process(WorkerFork fork, const SupervisorHooks& hooks) noexcept;

}  // namespace aiomisc::process
