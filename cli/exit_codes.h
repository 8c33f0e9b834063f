// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::cli {

/// What `aiomisc-run` itself exits with.
///
/// 1 to 100 are the number of failed jobs, and with `--halt …,fail=N%` the percentage; with
/// `--halt …,fail=N` it is the status of the job that stopped the run. See exit_status().
enum ExitCode : int {
    kSuccess = 0,
    kMostFailuresCounted = 100,
    kMoreFailures = 101,  ///< more jobs failed than a status can count
    kKilledBySignalBase =
        128,  ///< plus the signal: 129 drained, 130 SIGINT, 141 the reader went away
    kLauncherError =
        255,  ///< usage, input, log, compile or module error; nothing else was at fault
};

/// What a job's exit status says when there was nothing to execute.
enum JobExitCode : int {
    kCannotExecute = 126,
    kCommandNotFound = 127,
};

}  // namespace aiomisc::cli
