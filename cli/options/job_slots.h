// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// How many jobs may run at a time, as `-j` says it.
struct JobSlots {
    enum class Relation {
        kExactly,    ///< N; 0 is as many as the limits of the system allow
        kMoreThan,   ///< +N: CPUs and N more
        kFewerThan,  ///< -N: CPUs but N
        kPercent,    ///< N% of the CPUs
    };

    Relation relation = Relation::kPercent;
    unsigned number = 100;
    std::string file = {};  ///< that says it, and is asked again when a job ends; empty: none

    /// The most slots there can be.
    static constexpr unsigned kMaxSlots = 1024;

    /// The number of slots on a machine with `cpus`, at least 1. `unlimited` is the answer to
    /// `-j0`.
    [[nodiscard]] unsigned count(unsigned cpus, unsigned unlimited) const noexcept;
};

/// Errors:    UsageError (not N, +N, -N or N%, nor a file that says so).
JobSlots parse_job_slots(std::string_view text);

/// What the file says now; none if it is gone, or says something else.
std::optional<JobSlots> read_job_slots(const std::string& file);

/// As many jobs as the limits on descriptors and processes allow, at most JobSlots::kMaxSlots.
/// Jobs whose output is kept need more descriptors.
unsigned slots_within_limits(bool keeps_output = false);

}  // namespace aiomisc::cli
