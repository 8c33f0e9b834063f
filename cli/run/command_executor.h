// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/run/output_capture.h>
#include <aiomisc/cli/run/start_patience.h>
#include <aiomisc/worker/command/command_group.h>
#include <aiomisc/worker/process/oom_counter.h>

#include <map>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// Of the supervisor that commands run below.
process::PoolSetup setup_of_commands();

/// Runs commands: forked by a supervisor, which is small and keeps track of whatever they fork.
class CommandExecutor final : public Executor {
public:
    CommandExecutor(EventLoop& loop, const RunOptions& options, std::string run_id);

    Task<> start() override;
    Task<JobResult> run(JobSpec job, JobOutput output) override;
    Task<> stop() override;
    [[nodiscard]] pid_t pid_of(unsigned slot) const override;
    void suspend() override;
    void resume() override;

private:
    /// A job that could not be started, for this errno; 0: it was.
    struct Try {
        JobResult result;
        int start_error = 0;
    };

    Task<Try> try_once(const JobSpec& job, JobOutput output);

    /// Whether the job may be tried again, after having waited for it.
    Task<bool> wait_to_retry(StartPatience& patience, int start_error);

    [[nodiscard]] process::SpawnCommand order(const JobSpec& job) const;

    /// Errors: SystemError, TimeoutError (it cannot be started now).
    CommandGroup::Running spawn(const JobSpec& job, OutputCapture& capture);

    /// Goes up the kill ladder until it has ended. False if it has not, for kKillBound after the
    /// last rung: nothing can kill what the kernel keeps waiting.
    Task<bool> end(CommandGroup::Running running);

    EventLoop& loop_;
    KillLadder ladder_;
    int nice_;
    bool clean_environment_;
    std::vector<std::string> environment_;  ///< instead of ours, if it is clean
    std::string run_id_;
    CommandGroup commands_;
    std::map<unsigned, CommandGroup::Running*> running_;  ///< by slot
    process::OomCounter oom_;
    bool told_of_scarcity_ = false;
};

}  // namespace aiomisc::cli
