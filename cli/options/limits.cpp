// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/limits.h>

#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

constexpr int kLeastNice = -20;
constexpr int kMostNice = 19;

/// Whether this process may give its jobs more of the processor than it has itself.
bool may_lower_niceness_to(int niceness) {
    rlimit limit{};
    if (::geteuid() == 0) {
        return true;
    }
    return ::getrlimit(RLIMIT_NICE, &limit) == 0 &&
           20 - niceness <= static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 40));
}

}  // namespace

double LoadLimit::processes(unsigned cpus) const noexcept {
    return std::max(percent ? number / 100 * cpus : number, 0.01);
}

LoadLimit parse_load_limit(std::string_view text) {
    LoadLimit limit{.percent = text.ends_with('%')};
    const auto number = parse_decimal(text.substr(0, text.size() - (limit.percent ? 1 : 0)));
    if (!number) {
        throw UsageError("expected a number of running processes, or a percentage of the CPUs");
    }
    limit.number = *number;
    return limit;
}

void parse_memory_limit(std::string_view text, MemoryLimit& limit) {
    constexpr std::string_view kAddressSpace = "as:";
    const bool address_space = text.starts_with(kAddressSpace);
    const auto size = parse_size(address_space ? text.substr(kAddressSpace.size()) : text);
    if (!size || *size == 0) {
        throw UsageError("expected a size like 512M, or as:SIZE to limit the address space");
    }
    (address_space ? limit.address_space : limit.resident) = *size;
}

int parse_niceness(std::string_view text) {
    int niceness = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), niceness);
    if (error != std::errc() || end != text.data() + text.size() || niceness < kLeastNice ||
        niceness > kMostNice) {
        throw UsageError("expected a niceness from -20 to 19");
    }
    if (niceness < 0 && !may_lower_niceness_to(::getpriority(PRIO_PROCESS, 0) + niceness)) {
        throw UsageError("a niceness below 0 is for root, or needs 'ulimit -e'");
    }
    return niceness;
}

EnvironmentRule parse_environment_rule(std::string_view text) {
    EnvironmentRule rule{.clean = true};
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view name = text.substr(0, end);
        if (name.empty() || name.find('=') != std::string_view::npos) {
            throw UsageError("expected names of variables with commas between them");
        }
        rule.kept.emplace_back(name);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return rule;
}

void check_containment(std::string_view text) {
    if (text == "auto" || text == "pgrp") {
        return;
    }
    if (text == "cgroup" || text == "pidns") {
        throw UsageError(
            "not offered by this version; 'auto' finds a job's processes by their descent, "
            "whatever session or process group they are in");
    }
    throw UsageError("expected auto or pgrp");
}

}  // namespace aiomisc::cli
