// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/run/job_board.h>
#include <aiomisc/cli/run/module_call.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <chrono>
#include <memory>
#include <string>

namespace aiomisc::cli {

/// Runs the job function of a module in the warm workers of a pool. A crash costs one job.
///
/// While jobs are short, several go to a worker in one message; each is still begun, answered and
/// blamed by itself, and what a worker has not begun is for whichever is free first.
///
/// A job that is cancelled is asked to stop, by JobContext::stop_requested(); when the time of the
/// whole kill ladder is over and it goes on, its worker is killed.
class ModuleExecutor final : public Executor {
public:
    ModuleExecutor(
        EventLoop& loop,
        const std::string& module,
        unsigned slots,
        const Options& options,
        std::string run_id);

    Task<> start() override;
    Task<JobResult> run(JobSpec job, JobOutput output) override;
    Task<> stop() override;

    [[nodiscard]] pid_t pid_of(unsigned slot) const override { return board_.place(slot).pid(); }

    void suspend() override { pool_.suspend(); }

    void resume() override { pool_.resume(); }

    [[nodiscard]] unsigned jobs_a_slot() const override;
    void withdraw() override;

    [[nodiscard]] double progress() const override { return board_.progress(); }

private:
    Task<> call(
        const JobSpec& job,
        const CallOptions& options,
        const JobBoard::Place& place,
        JobResult& result);

    /// To the end of the call, or for as long as one may last that is cancelled.
    Task<> follow(
        std::shared_ptr<TaskHandle<ModuleCallResult>> call,
        const JobBoard::Place& place,
        JobResult& result);
    void measure(std::chrono::microseconds runtime);

    std::string run_id_;
    bool runs_ahead_;
    Duration grace_;  ///< for a job that is told to stop, before it is killed
    JobBoard board_;
    WorkerPool pool_;
    std::chrono::duration<double> average_runtime_{1};  ///< long, until it is measured
};

}  // namespace aiomisc::cli
