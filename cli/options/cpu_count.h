// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>

namespace aiomisc::cli {

/// CPUs this process may use: the smaller of its affinity mask and its cgroup's quota, which is
/// rounded up. At least 1.
unsigned usable_cpus();

/// The CPU quota of the control group named by `membership` (a /proc/PID/cgroup), or of a group
/// above it, whichever is smaller; `root` is where cgroups are mounted. None where there is none.
std::optional<double> cgroup_cpu_quota(
    const std::filesystem::path& membership, const std::filesystem::path& root);

}  // namespace aiomisc::cli
