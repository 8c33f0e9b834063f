// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/cpu_count.h>

#include <aiomisc/worker/process/control_groups.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include <sched.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

namespace fs = std::filesystem;

unsigned affinity_cpus() {
    // The mask of a large machine does not fit the fixed cpu_set_t: grow until the kernel is
    // content.
    for (int cpus = CPU_SETSIZE; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t* const mask = CPU_ALLOC(static_cast<std::size_t>(cpus));
        if (mask == nullptr) {
            break;
        }
        const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
        const bool known = ::sched_getaffinity(0, size, mask) == 0;
        const int count = known ? CPU_COUNT_S(size, mask) : 0;
        CPU_FREE(mask);
        if (count > 0) {
            return static_cast<unsigned>(count);
        }
    }
    return static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

std::optional<double> quotient(double quota, double period) {
    if (quota <= 0 || period <= 0) {
        return std::nullopt;
    }
    return quota / period;
}

std::optional<double> quota_v2(const fs::path& group) {
    std::ifstream file(group / "cpu.max");
    double quota = 0;
    double period = 0;
    if (!(file >> quota >> period)) {
        return std::nullopt;  // no such file, or "max"
    }
    return quotient(quota, period);
}

std::optional<double> quota_v1(const fs::path& group) {
    std::ifstream quota_file(group / "cpu.cfs_quota_us");
    std::ifstream period_file(group / "cpu.cfs_period_us");
    double quota = 0;
    double period = 0;
    if (!(quota_file >> quota) || !(period_file >> period)) {
        return std::nullopt;
    }
    return quotient(quota, period);
}

}  // namespace

std::optional<double> cgroup_cpu_quota(const fs::path& membership, const fs::path& root) {
    std::optional<double> least;
    for (const process::ControlGroup& group : process::control_groups(membership, root, "cpu")) {
        const auto quota = group.unified ? quota_v2(group.directory) : quota_v1(group.directory);
        if (quota) {
            least = std::min(least.value_or(*quota), *quota);
        }
    }
    return least;
}

unsigned usable_cpus() {
    const unsigned cpus = affinity_cpus();
    const auto quota = cgroup_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    if (!quota || *quota >= cpus) {
        return cpus;
    }
    return std::max(static_cast<unsigned>(std::ceil(*quota)), 1U);
}

}  // namespace aiomisc::cli
