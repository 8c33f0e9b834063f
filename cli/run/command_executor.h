// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/options/policies.h>
#include <aiomisc/cli/run/output_capture.h>
#include <aiomisc/worker/command/command_group.h>

#include <string>

namespace aiomisc::cli {

/// Of the supervisor that commands run below.
process::PoolSetup setup_of_commands();

/// Runs commands: forked by a supervisor, which is small and keeps track of whatever they fork.
class CommandExecutor final : public Executor {
public:
    CommandExecutor(EventLoop& loop, KillLadder ladder, std::string run_id);

    Task<> start() override;
    Task<JobResult> run(JobSpec job, JobOutput output) override;
    Task<> stop() override;

private:
    /// Errors: SystemError, TimeoutError (it cannot be started now).
    CommandGroup::Running spawn(const JobSpec& job, OutputCapture& capture);

    /// Goes up the kill ladder until it has ended.
    Task<> end(CommandGroup::Running running);

    EventLoop& loop_;
    KillLadder ladder_;
    std::string run_id_;
    CommandGroup commands_;
};

}  // namespace aiomisc::cli
