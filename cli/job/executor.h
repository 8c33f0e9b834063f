// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/runtime/task/task.h>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

/// Takes what the attempts of one job print.
class OutputTaker {
public:
    OutputTaker() = default;
    OutputTaker(const OutputTaker&) = delete;
    OutputTaker& operator=(const OutputTaker&) = delete;
    virtual ~OutputTaker() = default;

    /// Errors: SystemError (the output does not fit on the disk).
    virtual void take(OutputStream stream, std::string_view bytes) = 0;
};

/// Where a running attempt sends what it prints. A light handle; copied freely.
class JobOutput {
public:
    explicit JobOutput(std::shared_ptr<OutputTaker> taker) noexcept : taker_(std::move(taker)) {}

    /// Errors: SystemError (the output does not fit on the disk).
    void write(OutputStream stream, std::string_view bytes) { taker_->take(stream, bytes); }

private:
    std::shared_ptr<OutputTaker> taker_;
};

/// How long a job may take to be gone after SIGKILL. A process that the kernel keeps waiting, for a
/// disk or a server that does not answer, cannot be killed.
constexpr std::chrono::seconds kKillBound{5};

/// The error of a job that is not gone then.
constexpr const char* kSurvives = "it survives SIGKILL, and is left alone";

/// Runs attempts: one implementation for commands, one for job modules.
///
/// The scheduler calls run() for as many jobs at a time as there are slots. It owns time limits,
/// retries and halting; an executor owns processes.
///
/// Lifecycle: made and start()ed before the first job, stop()ped after the last.
/// Affinity:  loop.
class Executor {
public:
    Executor() = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor() = default;

    /// Brings up what jobs need: the worker pool, or nothing.
    virtual Task<> start() = 0;

    /// Runs one attempt to its end. A job that cannot be started is a result with Cause::kLaunch,
    /// never an exception.
    ///
    /// Cancel:    the kill ladder goes over the job's whole process tree; ends when it is gone, or
    /// after kKillBound, with
    ///            a result of Cause::kCancelled. To be cancelled once.
    /// Errors:    none of the job's; what no further job would escape: SystemError (the output disk
    ///            is full), PoolBroken.
    virtual Task<JobResult> run(JobSpec job, JobOutput output) = 0;

    /// How many jobs it makes use of for each slot: more than one while they are short, so that
    /// those which wait with it behind another run soon.
    [[nodiscard]] virtual unsigned jobs_a_slot() const { return 1; }

    /// Cancels the jobs that have not begun, and no other.
    virtual void withdraw() {}

    /// Ends every process that is left.
    virtual Task<> stop() = 0;

    /// The process of the job that runs in a slot; 0 if there is none yet.
    [[nodiscard]] virtual pid_t pid_of(unsigned slot) const = 0;

    /// Sends SIGSTOP, or SIGCONT, to all processes of all jobs.
    virtual void suspend() = 0;
    virtual void resume() = 0;

    /// What the running jobs say is done of them, added up: 1.5 for three that are half done.
    [[nodiscard]] virtual double progress() const { return 0; }
};

}  // namespace aiomisc::cli
