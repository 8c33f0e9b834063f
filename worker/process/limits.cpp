// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/limits.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>

#include <sys/resource.h>

namespace aiomisc::process {

namespace {

struct Resource {
    decltype(RLIMIT_AS) id;  // an enumeration in glibc, a number elsewhere
    const char* name;
    std::optional<std::uint64_t> ResourceLimits::* value;
};

constexpr Resource kResources[] = {
    {RLIMIT_AS, "address space", &ResourceLimits::address_space},
    {RLIMIT_DATA, "data", &ResourceLimits::data},
    {RLIMIT_CPU, "cpu time", &ResourceLimits::cpu_seconds},
    {RLIMIT_NOFILE, "open files", &ResourceLimits::open_files},
    {RLIMIT_NPROC, "processes", &ResourceLimits::processes},
    {RLIMIT_FSIZE, "file size", &ResourceLimits::file_size},
    {RLIMIT_CORE, "core", &ResourceLimits::core},
};

}  // namespace

void apply_limits(const ResourceLimits& limits) {
    for (const Resource& resource : kResources) {
        const auto& wanted = limits.*resource.value;
        if (!wanted) {
            continue;
        }
        rlimit limit{};
        if (::getrlimit(resource.id, &limit) != 0) {
            throw SystemError::from_errno("read limit", resource.name);
        }
        const rlim_t value = *wanted;
        limit.rlim_cur = std::min(value, limit.rlim_max);
        // One second between the limits of cpu time is what lets SIGXCPU come before SIGKILL.
        const rlim_t hard = resource.id == RLIMIT_CPU && value < RLIM_INFINITY ? value + 1 : value;
        limit.rlim_max = std::min(hard, limit.rlim_max);
        if (::setrlimit(resource.id, &limit) != 0) {
            throw SystemError::from_errno("limit", resource.name);
        }
    }
}

}  // namespace aiomisc::process
