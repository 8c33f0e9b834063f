// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/system_state.h>

#include <aiomisc/worker/process/control_groups.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace aiomisc::cli {

namespace {

namespace fs = std::filesystem;

/// The number behind a word that begins a line.
std::optional<std::uint64_t> value_of(const fs::path& file, const std::string& word) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(word)) {
            try {
                return std::stoull(line.substr(word.size()));
            } catch (const std::exception&) {
                return std::nullopt;
            }
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number_in(const fs::path& file) {
    std::ifstream content(file);
    std::uint64_t number = 0;
    // "max" is no number, and no limit.
    return content >> number ? std::optional(number) : std::nullopt;
}

/// What a group leaves: caches that the kernel can drop do not count as used.
std::optional<std::uint64_t> left_in(const process::ControlGroup& group) {
    const auto file = [&group](const char* unified, const char* separate) {
        return group.directory / (group.unified ? unified : separate);
    };
    const auto limit = number_in(file("memory.max", "memory.limit_in_bytes"));
    const auto used = number_in(file("memory.current", "memory.usage_in_bytes"));
    if (!limit || !used) {
        return std::nullopt;
    }
    const char* const droppable = group.unified ? "inactive_file " : "total_inactive_file ";
    const std::uint64_t caches =
        std::min(value_of(group.directory / "memory.stat", droppable).value_or(0), *used);
    return *limit - std::min(*limit, *used - caches);
}

}  // namespace

std::optional<double> running_processes(const fs::path& proc) {
    const auto running = value_of(proc / "stat", "procs_running ");
    if (!running) {
        return std::nullopt;
    }
    const std::uint64_t blocked = value_of(proc / "stat", "procs_blocked ").value_or(0);
    // Whoever reads this runs.
    return static_cast<double>(std::max<std::uint64_t>(*running, 1) - 1 + blocked);
}

std::optional<std::uint64_t> available_memory(const fs::path& proc, const fs::path& groups) {
    constexpr std::uint64_t kKibibyte = 1024;
    auto available = value_of(proc / "meminfo", "MemAvailable:");
    if (available) {
        *available *= kKibibyte;
    }
    for (const auto& group : process::control_groups(proc / "self/cgroup", groups, "memory")) {
        if (const auto left = left_in(group)) {
            available = std::min(available.value_or(*left), *left);
        }
    }
    return available;
}

}  // namespace aiomisc::cli
