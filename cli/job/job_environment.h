// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>

#include <string>
#include <utility>
#include <vector>

namespace aiomisc::cli {

using EnvironmentVariable = std::pair<std::string, std::string>;

/// What a job finds in its environment beside ours: its number, slot and attempt, and the run it
/// belongs to; the first also under GNU parallel's names, so that existing scripts run unchanged.
std::vector<EnvironmentVariable> job_environment(const JobSpec& job, const std::string& run_id);

/// An identifier of this run: different in every run on every machine.
std::string make_run_id();

}  // namespace aiomisc::cli
