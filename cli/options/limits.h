// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/units.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// `--load`: jobs start while fewer processes than this run on the machine.
struct LoadLimit {
    double number = 0;
    bool percent = false;  ///< of the CPUs

    /// On a machine with `cpus`. Never 0, as with GNU parallel: an idle machine is below every
    /// limit.
    [[nodiscard]] double processes(unsigned cpus) const noexcept;
};

/// What holds up the start of a job.
struct StartRules {
    Milliseconds gap{0};  ///< `--delay`: between two starts
    std::optional<LoadLimit> load;
    std::uint64_t memory_free = 0;  ///< `--memfree`: bytes; 0: not looked at

    [[nodiscard]] bool any() const noexcept {
        return gap > Milliseconds(0) || load || memory_free > 0;
    }
};

/// `--mem-limit`: of one job. In bytes; 0: none.
struct MemoryLimit {
    std::uint64_t resident = 0;       ///< of all its processes together
    std::uint64_t address_space = 0;  ///< of each of its processes
};

/// `--env-clean`: what jobs inherit of our environment.
struct EnvironmentRule {
    bool clean = false;             ///< nothing but the basics and `kept`
    std::vector<std::string> kept;  ///< names
};

/// `N` or `N%`. Errors: UsageError.
LoadLimit parse_load_limit(std::string_view text);

/// `SIZE` or `as:SIZE` into `limit`, whose other member stays. Errors: UsageError.
void parse_memory_limit(std::string_view text, MemoryLimit& limit);

/// -20 to 19; below 0 only where the system lets us. Errors: UsageError.
int parse_niceness(std::string_view text);

/// Names with commas between them, or nothing. Errors: UsageError.
EnvironmentRule parse_environment_rule(std::string_view text);

/// `auto` or `pgrp`, which are the same today. Errors: UsageError (another word, or one that is not
/// offered).
void check_containment(std::string_view text);

}  // namespace aiomisc::cli
