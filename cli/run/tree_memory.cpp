// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/tree_memory.h>

#include <aiomisc/worker/process/descendants.h>

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <unistd.h>

namespace aiomisc::cli {

namespace {

std::vector<pid_t> tree_of(pid_t root) {
    std::vector<pid_t> pids{root};
    std::unordered_set<pid_t> seen{root};
    for (std::size_t next = 0; next < pids.size(); ++next) {
        for (const pid_t child : process::children_of(pids[next]).value_or(std::vector<pid_t>())) {
            if (seen.insert(child).second) {
                pids.push_back(child);
            }
        }
    }
    return pids;
}

/// 0 for a process that is gone.
std::uint64_t resident_bytes(pid_t pid) {
    std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// None where that is not told, as of a process that is gone.
std::optional<std::uint64_t> own_share_bytes(pid_t pid) {
    constexpr std::string_view kName = "Pss:";
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(rollup, line);) {
        if (line.starts_with(kName)) {
            return std::stoull(line.substr(kName.size())) * 1024;
        }
    }
    return std::nullopt;
}

}  // namespace

bool tree_exceeds(pid_t root, std::uint64_t limit) {
    const std::vector<pid_t> pids = tree_of(root);
    std::uint64_t resident = 0;
    for (const pid_t pid : pids) {
        resident += resident_bytes(pid);
    }
    if (resident <= limit) {
        return false;
    }
    std::uint64_t held = 0;
    for (const pid_t pid : pids) {
        const auto share = own_share_bytes(pid);
        held += share ? *share : resident_bytes(pid);
    }
    return held > limit;
}

}  // namespace aiomisc::cli
