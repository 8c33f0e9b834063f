// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/launch_report.h>

namespace aiomisc::process {

/// What the supervisor leaves to a command that it forks.
struct CommandFork {
    const SpawnCommand* command = nullptr;
    const ResourceLimits* limits = nullptr;
    UniqueFd in;  ///< where absent, each is inherited
    UniqueFd out;
    UniqueFd err;
    pid_t supervisor = 0;
    int oom_score_adjust = 0;
};

/// Turns a process just forked by the supervisor into the command. What goes wrong goes into the
/// report; the exit status is then 127 if there is no such program, else 126, as with a shell.
///
/// The command dies with the supervisor, holds no descriptor but 0, 1 and 2, has default signals,
/// and keeps its descendants below it.
///
/// Affinity: fork-child.
[[noreturn]] void run_command_process(CommandFork fork, LaunchReport& report) noexcept;

}  // namespace aiomisc::process
