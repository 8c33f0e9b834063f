// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace aiomisc::process {

/// A control group that a process is in, or one above it.
struct ControlGroup {
    std::filesystem::path directory;
    bool unified = false;  ///< of version 2, where the files have other names
};

/// The groups in which `controller` may limit the process whose /proc/PID/cgroup is `membership`,
/// each followed by those above it. `root` is where control groups are mounted. That a directory is
/// named here does not say that it exists.
std::vector<ControlGroup> control_groups(
    const std::filesystem::path& membership,
    const std::filesystem::path& root,
    std::string_view controller);

}  // namespace aiomisc::process
