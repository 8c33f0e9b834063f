// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace aiomisc::cli {

/// Runs a compiler to its end and returns its exit status, 128 + n if a signal ended it. It reads
/// from /dev/null and prints to stderr: stdout belongs to the jobs.
///
/// It runs below a supervisor, so nothing of it is left when we are stopped or killed.
///
/// Errors:    StoppedBySignal; SystemError, WorkerError (it cannot be executed).
int run_compiler(const std::vector<std::string>& words);

}  // namespace aiomisc::cli
