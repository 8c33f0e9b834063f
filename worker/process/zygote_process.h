// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/hooks.h>

namespace aiomisc::process {

/// What the parent leaves to the zygote that it forks.
struct ZygoteFork {
    UniqueFd control;
    UniqueFd parent;  ///< pidfd of the parent; empty where the kernel has none
};

/// Turns a process just forked by the parent into the zygote, runs it, and ends it.
///
/// The zygote stays as the parent was when it was forked, runs no code of the user, and has one
/// thread: a process that supervisors can be forked from at any time. It reaps them and writes how
/// they ended on their own control sockets, of which it keeps copies. As it is a subreaper, what a
/// killed supervisor could not clean up comes to it, and is killed. When the parent is gone, it
/// sees to it that all supervisors are, and ends.
///
/// Affinity: fork-child.
[[noreturn]] void run_zygote_process(ZygoteFork fork, const SupervisorHooks& hooks) noexcept;

}  // namespace aiomisc::process
