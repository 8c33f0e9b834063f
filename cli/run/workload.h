// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/job_inputs.h>
#include <aiomisc/cli/job/job_planner.h>
#include <aiomisc/cli/log/log_reader.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/resume/resume_plan.h>
#include <aiomisc/cli/resume/retry_jobs.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/worker/job/job_module.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// What a run has to do: its inputs, what makes jobs of them, and which were done before.
///
/// Affinity:  any thread, one at a time.
class Workload {
public:
    /// Opens the inputs, unless they come from the job log. `module` is null for commands, and must
    /// outlive this, as the options must. `slots` is how many jobs run at a time.
    ///
    /// Errors:    UsageError, ConfigError, SystemError; Error (there is no log to retry from).
    Workload(const Options& options, const Target& target, const JobModule* module, unsigned slots);
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;
    ~Workload() = default;

    /// Goes on with the runs in `log`, as the options say.
    ///
    /// Errors:    Error (the log is none, cannot give what to retry, or is of other jobs).
    void resume_from(LogReader log);

    [[nodiscard]] JobSource& inputs() noexcept;

    [[nodiscard]] const JobPlanner& planner() const noexcept { return planner_; }

    /// Names of the items of each input, by position, where they have any.
    [[nodiscard]] std::vector<std::string> columns() const {
        return inputs_ ? inputs_->shape().columns : std::vector<std::string>();
    }

    /// Which inputs to leave out; null for none.
    [[nodiscard]] ResumePlan* resume() noexcept { return retry_ ? nullptr : resume_.get(); }

    /// The number of inputs, if it is known.
    [[nodiscard]] std::optional<std::uint64_t> total() const noexcept { return total_; }

    /// TARGET and its words, as they may be shown; none if the commands come from the log.
    [[nodiscard]] std::optional<std::string> command_template() const;

    /// What the user should know of the log; a line each.
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    const Options& options_;
    bool is_module_;
    unsigned slots_;
    std::optional<JobInputs> inputs_;  ///< none for --retry-failed
    JobPlanner planner_;
    std::unique_ptr<ResumePlan> resume_;
    std::optional<RetryJobs> retry_;
    std::optional<std::uint64_t> total_;
};

}  // namespace aiomisc::cli
