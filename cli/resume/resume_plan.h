// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/job_source.h>
#include <aiomisc/cli/log/log_reader.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/resume/history_by_seq.h>
#include <aiomisc/cli/resume/job_history.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

enum class Verdict {
    kRun,
    kRerun,  ///< it has failed before
    kSkip,
};

/// Decides which jobs run, by what the log says of the runs before this one.
///
/// Affinity:  any thread, one at a time.
class ResumePlan {
public:
    /// Reads the log. `command_now` is needed where jobs are found by number.
    ///
    /// Errors:    those of LogReader::read().
    static std::unique_ptr<ResumePlan> load(
        LogReader log, const ResumeOptions& options, CommandText command_now);

    /// Decides about an input; to be asked once for each. Errors: those of JobHistory::check().
    Verdict decide(const JobInput& input);

    /// Checks all inputs that the log may know, before the first of them runs. `inputs` must not
    /// wait. Errors: those of JobHistory::check(), of JobSource::next().
    void verify(JobSource& inputs) const;

    /// What is to be run again, with its numbers, in their order.
    [[nodiscard]] std::vector<PastFailure> failures() const;

    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

    /// Of these, the ones that have failed.
    [[nodiscard]] std::uint64_t skipped_failed() const noexcept { return skipped_failed_; }

    [[nodiscard]] const LogReader& log() const noexcept { return log_; }

    /// The last run in the log, if the log has runs.
    [[nodiscard]] const std::optional<LoggedRun>& last_run() const noexcept { return last_run_; }

    /// The template of the last run in the log that had one.
    [[nodiscard]] const std::optional<std::string>& last_template() const noexcept {
        return last_template_;
    }

    /// What the user should know of the log's state; a line each.
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    ResumePlan(LogReader log, ResumeMode mode) : log_(std::move(log)), mode_(mode) {}

    LogReader log_;
    ResumeMode mode_;
    std::unique_ptr<JobHistory> history_;
    LogDamage damage_;
    std::optional<LoggedRun> last_run_;
    std::optional<std::string> last_template_;
    std::uint64_t last_seq_ = 0;  // the highest in the log
    std::uint64_t skipped_ = 0;
    std::uint64_t skipped_failed_ = 0;
};

}  // namespace aiomisc::cli
