// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/worker/job/job_module.h>

namespace aiomisc::cli {

/// Runs the main coroutine of a job script in our loop, with a pool of as many workers as there are
/// slots, and returns its exit status. Ends the process by a signal if one stopped the script.
///
/// Errors:    UsageError (sources were given); PoolBroken (the workers do not come to life).
int launch_script(const Options& options, const Target& target, const JobModule& module);

}  // namespace aiomisc::cli
