// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <string>

namespace aiomisc::cli {

/// Runs the job function of a module in the warm workers of a pool. A crash costs one job.
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

private:
    EventLoop& loop_;
    std::string run_id_;
    WorkerPool pool_;
};

}  // namespace aiomisc::cli
