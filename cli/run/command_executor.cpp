// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/command_executor.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <sys/wait.h>

namespace aiomisc::cli {

namespace {

process::SpawnCommand order(const JobSpec& job, const std::string& run_id) {
    const auto& command = std::get<Command>(job.work);
    process::SpawnCommand order;
    order.arguments = command.argv;
    if (order.arguments.empty()) {
        order.arguments.emplace_back();
    }
    order.arguments.front() = command.program;
    for (auto& [name, value] : job_environment(job, run_id)) {
        order.environment.push_back(fmt::format("{}={}", name, value));
    }
    return order;
}

void describe_launch_failure(const process::Exited& exited, JobResult& result) {
    result.cause = Cause::kLaunch;
    result.exit_status = exited.launch_error == ENOENT ? kCommandNotFound : kCannotExecute;
    result.error = std::generic_category().message(exited.launch_error);
}

void describe_end(const process::Exited& exited, JobResult& result) {
    result.pid = exited.pid;
    result.usage = {exited.user_time, exited.system_time, exited.max_rss_bytes / 1024};
    if (exited.launch_step != process::LaunchStep::kNone) {
        describe_launch_failure(exited, result);
    } else if (WIFSIGNALED(exited.wait_status)) {
        result.cause = Cause::kSignal;
        result.exit_status = -1;
        result.signal = WTERMSIG(exited.wait_status);
    } else {
        result.exit_status = WEXITSTATUS(exited.wait_status);
    }
}

/// The supervisor died, and killed its commands by that; the next command gets another one.
void describe_loss(const WorkerError& error, JobResult& result) {
    result.cause = Cause::kSignal;
    result.exit_status = -1;
    result.signal = SIGKILL;
    result.error = error.what();
}

}  // namespace

process::PoolSetup setup_of_commands() {
    process::PoolSetup setup;
    setup.name = "aiomisc-run";
    setup.log_level = "warning";
    setup.log_format = "plain";
    setup.limits.core = 0;
    return setup;
}

CommandExecutor::CommandExecutor(EventLoop& loop, KillLadder ladder, std::string run_id)
    : loop_(loop),
      ladder_(std::move(ladder)),
      run_id_(std::move(run_id)),
      commands_(loop, setup_of_commands()) {}

Task<> CommandExecutor::start() {
    co_return;
}

Task<> CommandExecutor::stop() {
    return commands_.stop();
}

Task<> CommandExecutor::end(CommandGroup::Running running) {
    for (const KillStep& step : ladder_) {
        running.kill(step.signal, process::KillScope::kTree);
        try {
            co_await wait_for(running.done().wait(), Duration(step.wait));
            co_return;
        } catch (const TimeoutError&) {  // NOLINT(bugprone-empty-catch): the next rung follows
        }
    }
    co_await running.done().wait();
}

CommandGroup::Running CommandExecutor::spawn(const JobSpec& job, OutputCapture& capture) {
    CommandGroup::Redirections redirections;
    redirections.out = capture.open(OutputStream::kOut);
    redirections.err = capture.open(OutputStream::kErr);
    return commands_.spawn(order(job, run_id_), std::move(redirections));
}

Task<JobResult> CommandExecutor::run(JobSpec job, JobOutput output) {
    JobResult result;
    result.started = std::chrono::system_clock::now();
    const TimePoint begin = loop_.now();
    OutputCapture capture(loop_, output);
    std::optional<CommandGroup::Running> running;
    try {
        running.emplace(spawn(job, capture));
    } catch (const Error& error) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = error.what();
        co_return result;
    }
    bool cancelled = false;
    try {
        co_await running->done().wait();
    } catch (const CancelledError&) {
        cancelled = true;
    }
    if (cancelled) {
        co_await shield(end(*running));
    }
    try {
        describe_end(co_await running->wait(), result);
    } catch (const WorkerError& error) {
        describe_loss(error, result);
    }
    result.runtime = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - begin);
    capture.finish();
    if (cancelled) {
        result.cause = Cause::kCancelled;
        result.exit_status = -1;
        result.signal = result.signal != 0 ? result.signal : ladder_.front().signal;
    }
    co_return result;
}

}  // namespace aiomisc::cli
