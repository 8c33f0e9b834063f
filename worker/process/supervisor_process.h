// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/hooks.h>

namespace aiomisc::process {

/// The exit statuses of a supervisor that ends by itself for a reason.
enum SupervisorStatus : int {
    kSupervisorDone = 0,  ///< shut down, or the parent is gone
    kSupervisorInitializerFailed = 70,
    kSupervisorProtocolError = 76,  ///< the parent sent what it may not
};

/// What the zygote leaves to a supervisor that it forks.
struct SupervisorFork {
    UniqueFd control;
    UniqueFd parent;  ///< pidfd of the parent; empty where the kernel has none
    pid_t zygote = 0;
};

/// Turns a process just forked by the zygote into a supervisor, runs it, and ends it.
///
/// The first packet must be a PoolSetup; the initializer runs at once, in this process, and the
/// answer is Ready or InitializerFailed. While it runs nothing else is heard, and so the process
/// would die with the zygote, which kills it when the parent is gone. See Supervisor for the rest
/// of its life.
///
/// Affinity: fork-child.
[[noreturn]] void run_supervisor_process(
    SupervisorFork fork, const SupervisorHooks& hooks) noexcept;

}  // namespace aiomisc::process
