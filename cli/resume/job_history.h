// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/log/log_record.h>

#include <cstdint>
#include <vector>

namespace aiomisc::cli {

/// What became of a job in the runs before this one.
enum class Past {
    kUnknown,  ///< it has no record: it never ran, or not to its end
    kDone,
    kFailed,
    kCancelled,  ///< it ended because its run did
};

/// A failure that nothing has made up for.
struct PastFailure {
    std::uint64_t seq = 0;
    std::uint64_t offset = 0;  ///< of its record in the log
    bool cancelled = false;
};

/// What the runs before this one have done, gathered from the records of their log. Keeps some
/// sixty bytes for each job, however long its items and its command are.
class JobHistory {
public:
    JobHistory() = default;
    JobHistory(const JobHistory&) = delete;
    JobHistory& operator=(const JobHistory&) = delete;
    virtual ~JobHistory() = default;

    /// The records that follow are of this run.
    virtual void begin_run(const LoggedRun& run) = 0;

    virtual void add(const LoggedJob& job, std::uint64_t offset) = 0;

    /// Whether check() can tell anything.
    [[nodiscard]] virtual bool checks() const noexcept { return false; }

    /// Errors:    Error (the input is not the one that was recorded, with both).
    virtual void check(const JobInput&) const {}

    /// What became of this input. To be asked once for each: of inputs that look alike, as many
    /// are done as have been recorded as done.
    ///
    /// Errors:    those of check().
    virtual Past take(const JobInput& input) = 0;

    /// In no particular order.
    [[nodiscard]] virtual std::vector<PastFailure> failures() const = 0;
};

}  // namespace aiomisc::cli
