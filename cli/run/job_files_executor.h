// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>

#include <memory>

namespace aiomisc::cli {

/// Around another executor: writes the files of a job before it, and removes them after it if that
/// is wanted (`--tmpl`, `--cleanup`).
class JobFilesExecutor final : public Executor {
public:
    JobFilesExecutor(std::unique_ptr<Executor> inner, bool cleanup);

    Task<> start() override { return inner_->start(); }

    Task<JobResult> run(JobSpec job, JobOutput output) override;

    Task<> stop() override { return inner_->stop(); }

    [[nodiscard]] pid_t pid_of(unsigned slot) const override { return inner_->pid_of(slot); }

    void suspend() override { inner_->suspend(); }

    void resume() override { inner_->resume(); }

    [[nodiscard]] unsigned jobs_a_slot() const override { return inner_->jobs_a_slot(); }

    void withdraw() override { inner_->withdraw(); }

    [[nodiscard]] double progress() const override { return inner_->progress(); }

private:
    std::unique_ptr<Executor> inner_;
    bool cleanup_;
};

}  // namespace aiomisc::cli
