// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/command_result.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/executor.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include <sys/wait.h>

namespace aiomisc::cli {

namespace {

void describe_launch_failure(
    const process::Exited& exited, const std::string& folder, JobResult& result) {
    result.cause = Cause::kLaunch;
    const bool not_found =
        exited.launch_step == process::LaunchStep::kExecute && exited.launch_error == ENOENT;
    result.exit_status = not_found ? kCommandNotFound : kCannotExecute;
    result.error = std::generic_category().message(exited.launch_error);
    if (exited.launch_step == process::LaunchStep::kEnterDirectory) {
        result.error = "cannot enter its folder " + folder + ": " + result.error;
    } else if (exited.launch_step == process::LaunchStep::kLimit) {
        result.error = "cannot limit it: " + result.error;
    }
}

}  // namespace

void describe_end(const process::Exited& exited, const std::string& folder, JobResult& result) {
    result.pid = exited.pid;
    result.usage = {exited.user_time, exited.system_time, exited.max_rss_bytes / 1024};
    if (exited.launch_step != process::LaunchStep::kNone) {
        describe_launch_failure(exited, folder, result);
    } else if (WIFSIGNALED(exited.wait_status)) {
        result.cause = Cause::kSignal;
        result.exit_status = -1;
        result.signal = WTERMSIG(exited.wait_status);
    } else {
        result.exit_status = WEXITSTATUS(exited.wait_status);
    }
}

JobResult not_started(const Error& error) {
    JobResult result;
    result.started = std::chrono::system_clock::now();
    result.cause = Cause::kLaunch;
    result.exit_status = kCannotExecute;
    result.error = error.what();
    return result;
}

void describe_stop(JobResult& result, int signal) {
    result.cause = Cause::kCancelled;
    result.exit_status = -1;
    result.signal = result.signal != 0 ? result.signal : signal;
}

void describe_survival(pid_t pid, JobResult& result) {
    describe_stop(result, SIGKILL);
    result.pid = pid;
    result.error = kSurvives;
}

void describe_loss(const WorkerError& error, JobResult& result) {
    result.cause = Cause::kSignal;
    result.exit_status = -1;
    result.signal = SIGKILL;
    result.error = error.what();
}

int start_error_of(const process::Exited& exited) noexcept {
    // A process id is given to what was forked; a program may still be refused for want of
    // processes.
    return exited.launch_step != process::LaunchStep::kNone &&
                   (exited.pid == 0 || exited.launch_error == EAGAIN)
               ? exited.launch_error
               : 0;
}

}  // namespace aiomisc::cli
