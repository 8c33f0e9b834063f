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

/// Starts a command. What goes wrong in the new process goes into the report; its exit status is
/// then 127 if there is no such program, else 126, as with a shell.
///
/// The command dies with the supervisor, holds no descriptor but 0, 1 and 2, has default signals,
/// and keeps its descendants below it. An entry of its environment without "=" takes the variable
/// away; the program is looked for along the PATH of that environment.
///
/// Waits until the command's program runs or could not be started: until then both processes share
/// their memory (vfork), which makes a start cost a third of what a fork does here. A working
/// directory or a program on a file system that does not answer holds up the supervisor as long.
///
/// Errors: SystemError (no process can be made). Affinity: supervisor.
pid_t start_command(const CommandFork& fork, LaunchReport& report);

}  // namespace aiomisc::process
