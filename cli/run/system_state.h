// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace aiomisc::cli {

/// Processes that run or wait for a disk at this moment, on the whole machine, without this one.
/// None where the system does not tell.
std::optional<double> running_processes(const std::filesystem::path& proc = "/proc");

/// Bytes that a new process can use without anything being swapped out or killed: what the machine
/// has, or what the control groups of this process leave to it. None where the system does not
/// tell.
std::optional<std::uint64_t> available_memory(
    const std::filesystem::path& proc = "/proc",
    const std::filesystem::path& control_groups = "/sys/fs/cgroup");

}  // namespace aiomisc::cli
