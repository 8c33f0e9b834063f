// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/worker/job/job_module.h>

#include <string>
#include <vector>

namespace aiomisc::cli {

/// Runs the jobs of a command (`module` is null) or of a job module, or prints them if this is a
/// dry run, and returns the exit status. A run stopped by a signal ends this process by that
/// signal.
///
/// Errors:    UsageError, Error (before any job was started).
int launch_jobs(
    const Options& options,
    const std::vector<std::string>& arguments,
    const Target& target,
    const JobModule* module);

}  // namespace aiomisc::cli
