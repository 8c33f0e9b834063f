// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/runtime/task/task.h>

namespace aiomisc::cli {

/// Where a running attempt sends what it prints. A light handle; copied freely.
class JobOutput {
public:
    JobOutput(OutputAssembler& assembler, std::uint64_t seq) noexcept
        : assembler_(&assembler), seq_(seq) {}

    /// Errors: SystemError (the output does not fit on the disk).
    void write(OutputStream stream, std::string_view bytes) {
        assembler_->write(seq_, stream, bytes);
    }

private:
    OutputAssembler* assembler_;
    std::uint64_t seq_;
};

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
    /// Cancel:    the kill ladder goes over the job's whole process tree; ends when it is gone,
    /// with
    ///            a result of Cause::kCancelled. To be cancelled once.
    /// Errors:    none of the job's; what no further job would escape: SystemError (the output disk
    ///            is full), PoolBroken.
    virtual Task<JobResult> run(JobSpec job, JobOutput output) = 0;

    /// Ends every process that is left.
    virtual Task<> stop() = 0;

    /// What the running jobs say is done of them, added up: 1.5 for three that are half done.
    [[nodiscard]] virtual double progress() const { return 0; }
};

}  // namespace aiomisc::cli
