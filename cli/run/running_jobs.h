// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/job/job.h>
#include <aiomisc/runtime/loop/basic_loop.h>
#include <aiomisc/runtime/loop/call_handle.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

class RunningJobs;

/// An attempt that runs: stands among the running jobs as long as it lives.
///
/// Affinity:  loop.
class RunningAttempt {
public:
    /// All of them outlive it.
    RunningAttempt(
        BasicLoop& loop, RunningJobs& jobs, const JobSpec& job, TaskHandle<JobResult>& handle);
    RunningAttempt(const RunningAttempt&) = delete;
    RunningAttempt& operator=(const RunningAttempt&) = delete;
    ~RunningAttempt();

    /// Ends it. Only the first call counts: executors are not to be cancelled twice.
    void stop(Cause why) noexcept;

    /// Ends it when its time is over.
    void limit(Duration time);

    /// Time that does not count for the limit.
    void postpone(Duration time);

    /// Why it was to be ended, if it was.
    [[nodiscard]] std::optional<Cause> stopped_for() const noexcept { return stopped_for_; }

    [[nodiscard]] const JobSpec& job() const noexcept { return job_; }

    [[nodiscard]] TimePoint begin() const noexcept { return begin_; }

private:
    BasicLoop& loop_;
    RunningJobs& jobs_;
    const JobSpec& job_;
    TaskHandle<JobResult>& handle_;
    TimePoint begin_;
    std::optional<Cause> stopped_for_;
    std::optional<TimePoint> deadline_;
    CallHandle timer_;
};

/// The attempts that run at this moment.
///
/// Affinity:  loop.
class RunningJobs {
public:
    [[nodiscard]] std::size_t size() const noexcept { return attempts_.size(); }

    void stop_all(Cause why) noexcept;
    void postpone_all(Duration time);

    /// A line for each, in the order of the input: `job 3 (pid 4711) has run for 12.3 s: gzip x`.
    [[nodiscard]] std::vector<std::string> describe(const Executor& executor, TimePoint now) const;

    [[nodiscard]] const std::map<std::uint64_t, RunningAttempt*>& attempts() const noexcept {
        return attempts_;
    }

private:
    friend class RunningAttempt;

    std::map<std::uint64_t, RunningAttempt*> attempts_;  ///< by the number of the job
};

}  // namespace aiomisc::cli
