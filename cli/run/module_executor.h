// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/run/job_board.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <string>

namespace aiomisc::cli {

/// Runs the job function of a module in the warm workers of a pool. A crash costs one job.
///
/// A job that is cancelled is asked to stop, by JobContext::stop_requested(); when the time of the
/// whole kill ladder is over and it goes on, its worker is killed.
class ModuleExecutor final : public Executor {
public:
    ModuleExecutor(
        EventLoop& loop,
        const std::string& module,
        unsigned slots,
        const RunOptions& options,
        std::string run_id);

    Task<> start() override;
    Task<JobResult> run(JobSpec job, JobOutput output) override;
    Task<> stop() override;

    [[nodiscard]] pid_t pid_of(unsigned slot) const override { return board_.place(slot).pid(); }

    void suspend() override { pool_.suspend(); }

    void resume() override { pool_.resume(); }

    [[nodiscard]] double progress() const override { return board_.progress(); }

private:
    EventLoop& loop_;
    std::string run_id_;
    Duration grace_;  ///< for a job that is told to stop, before it is killed
    JobBoard board_;
    WorkerPool pool_;
};

}  // namespace aiomisc::cli
