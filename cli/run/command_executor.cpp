// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/command_executor.h>

#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/cli/run/command_result.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::cli {

namespace {

process::PoolSetup setup_with(const RunOptions& options) {
    process::PoolSetup setup = setup_of_commands();
    if (options.memory_limit.address_space > 0) {
        setup.limits.address_space = options.memory_limit.address_space;
    }
    return setup;
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

CommandExecutor::CommandExecutor(EventLoop& loop, const RunOptions& options, std::string run_id)
    : loop_(loop),
      ladder_(options.kill_ladder),
      nice_(options.nice),
      clean_environment_(options.environment.clean),
      environment_(
          clean_environment_ ? inherited_environment(options.environment)
                             : std::vector<std::string>()),
      run_id_(std::move(run_id)),
      commands_(loop, setup_with(options)) {}

Task<> CommandExecutor::start() {
    co_return;
}

Task<> CommandExecutor::stop() {
    return commands_.stop();
}

pid_t CommandExecutor::pid_of(unsigned slot) const {
    const auto found = running_.find(slot);
    return found == running_.end() ? 0 : found->second->pid();
}

void CommandExecutor::suspend() {
    // Twice: what was forked while the first was on its way is found by the second.
    for (int turn = 0; turn < 2; ++turn) {
        for (const auto& [slot, running] : running_) {
            running->kill(SIGSTOP, process::KillScope::kTree);
        }
    }
}

void CommandExecutor::resume() {
    for (const auto& [slot, running] : running_) {
        running->kill(SIGCONT, process::KillScope::kTree);
    }
}

Task<bool> CommandExecutor::end(CommandGroup::Running running) {
    for (const KillStep& step : ladder_) {
        running.kill(step.signal, process::KillScope::kTree);
        const bool last = &step == &ladder_.back();
        try {
            co_await wait_for(
                running.done().wait(), Duration(step.wait) + (last ? kKillBound : Duration(0)));
            co_return true;
        } catch (const TimeoutError&) {  // NOLINT(bugprone-empty-catch): the next rung follows
        }
    }
    co_return false;
}

process::SpawnCommand CommandExecutor::order(const JobSpec& job) const {
    const auto& command = std::get<Command>(job.work);
    process::SpawnCommand order;
    order.arguments = command.argv;
    if (order.arguments.empty()) {
        order.arguments.emplace_back();
    }
    order.arguments.front() = command.program;
    order.inherit_environment = !clean_environment_;
    order.environment = environment_;
    for (auto& [name, value] : job_environment(job, run_id_)) {
        order.environment.push_back(fmt::format("{}={}", name, value));
    }
    order.working_directory = job.working_directory;
    order.nice = nice_;
    return order;
}

CommandGroup::Running CommandExecutor::spawn(const JobSpec& job, OutputCapture& capture) {
    CommandGroup::Redirections redirections;
    redirections.out = capture.open(OutputStream::kOut);
    redirections.err = capture.open(OutputStream::kErr);
    return commands_.spawn(order(job), std::move(redirections));
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds it
Task<CommandExecutor::Try> CommandExecutor::try_once(const JobSpec& job, JobOutput output) {
    Try attempt;
    JobResult& result = attempt.result;
    result.started = std::chrono::system_clock::now();
    const TimePoint begin = loop_.now();
    OutputCapture capture(loop_, output);
    std::optional<CommandGroup::Running> running;
    try {
        running.emplace(spawn(job, capture));
    } catch (const SystemError& error) {
        attempt = {not_started(error), error.code()};
    } catch (const Error& error) {
        attempt = {not_started(error), 0};
    }
    if (!running) {
        co_return attempt;
    }
    running_[job.slot] = &*running;
    bool unwanted = false;   // whatever becomes of it, it is not tried again
    bool cancelled = false;  // and is what ends it
    try {
        co_await running->done().wait();
    } catch (const CancelledError&) {
        unwanted = true;
        // Where we stood still, its end is known by now, or waits to be read.
        commands_.catch_up();
        cancelled = !running->ended();
    }
    bool ended = true;
    if (cancelled) {
        ended = co_await shield(end(*running));
    }
    running_.erase(job.slot);
    if (!ended) {
        describe_survival(running->pid(), result);
        co_return attempt;
    }
    try {
        const process::Exited exited = co_await running->wait();
        describe_end(exited, job.working_directory, result);
        if (result.signal == SIGKILL && !cancelled && oom_.explains_death()) {
            result.error = "memory ran out";
        }
        attempt.start_error = unwanted ? 0 : start_error_of(exited);
    } catch (const WorkerError& error) {
        describe_loss(error, result);
    }
    result.runtime = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - begin);
    capture.finish();
    if (cancelled) {
        describe_stop(result, ladder_.front().signal);
    }
    co_return attempt;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds it
Task<bool> CommandExecutor::wait_to_retry(StartPatience& patience, int start_error) {
    const auto pause = patience.pause_after(start_error, !running_.empty());
    if (!pause) {
        co_return false;
    }
    if (!std::exchange(told_of_scarcity_, true)) {
        log::warning(
            "aiomisc.command",
            "aiomisc-run: jobs cannot be started now, and are tried again: {}",
            std::generic_category().message(start_error));
    }
    co_await sleep(*pause);
    co_return true;
}

Task<JobResult> CommandExecutor::run(JobSpec job, JobOutput output) {
    StartPatience patience;
    for (;;) {
        Try attempt = co_await try_once(job, output);
        if (attempt.start_error == 0) {
            co_return std::move(attempt.result);
        }
        bool again = false;
        try {
            again = co_await wait_to_retry(patience, attempt.start_error);
        } catch (const CancelledError&) {
            describe_stop(attempt.result, 0);
        }
        if (!again) {
            co_return std::move(attempt.result);
        }
    }
}

}  // namespace aiomisc::cli
