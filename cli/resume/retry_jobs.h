// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/job_source.h>
#include <aiomisc/cli/resume/resume_plan.h>

#include <cstddef>
#include <vector>

namespace aiomisc::cli {

/// --retry-failed: the failed jobs of a log, under the numbers that they have there. Of each only
/// the place of its record is kept.
class RetryJobs final : public JobSource {
public:
    /// With `by_items` the items of a job are its input, for the template of a job module; else its
    /// command is, as the log has it. `plan` must outlive this.
    ///
    /// Errors:    Error (the log cannot give what is asked for).
    RetryJobs(const ResumePlan& plan, bool by_items);

    /// Errors:    those of LogReader::record_at(); Error (it is no command).
    Pull next(JobInput& input) override;

    [[nodiscard]] std::size_t count() const noexcept { return failures_.size(); }

private:
    const LogReader& log_;
    std::vector<PastFailure> failures_;
    std::size_t at_ = 0;
    bool by_items_;
};

}  // namespace aiomisc::cli
