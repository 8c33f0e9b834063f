// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/job_inputs.h>
#include <aiomisc/cli/job/job_planner.h>
#include <aiomisc/cli/options/options.h>

namespace aiomisc::cli {

/// Tells the input what it must know of the plan: whether a template shows the number of jobs, and
/// with -X how many items fit into one. `planner` must outlive `inputs`.
void adapt_to_plan(
    JobInputs& inputs, const JobPlanner& planner, const Options& options, unsigned slots);

}  // namespace aiomisc::cli
