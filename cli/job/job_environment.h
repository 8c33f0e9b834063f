// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/limits.h>

#include <string>
#include <utility>
#include <vector>

namespace aiomisc::cli {

using EnvironmentVariable = std::pair<std::string, std::string>;

/// What a job finds in its environment beside ours: its number, slot and attempt, and the run it
/// belongs to; the first also under GNU parallel's names, so that existing scripts run unchanged.
std::vector<EnvironmentVariable> job_environment(const JobSpec& job, const std::string& run_id);

/// What jobs inherit of the environment of this process, under a rule that says clean: `NAME=value`
/// of the basics and of what is kept.
std::vector<std::string> inherited_environment(const EnvironmentRule& rule);

/// An identifier of this run: different in every run on every machine.
std::string make_run_id();

}  // namespace aiomisc::cli
