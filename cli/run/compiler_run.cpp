// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/compiler_run.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/run/command_executor.h>
#include <aiomisc/cli/run/stop_signals.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/task/select.h>
#include <aiomisc/worker/command/command_group.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

UniqueFd copy_of_stderr() {
    UniqueFd copy(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!copy) {
        throw SystemError::from_errno("duplicate stderr");
    }
    return copy;
}

Task<int> next_stop_signal() {
    Signals signals(EventLoop::current(), stop_signals());
    co_return co_await signals.next();
}

Task<int> run_below_supervisor(std::vector<std::string> words) {
    CommandGroup group(EventLoop::current(), setup_of_commands());
    process::SpawnCommand order;
    order.arguments = words;
    auto running =
        group.spawn(std::move(order), {.in = {}, .out = copy_of_stderr(), .err = copy_of_stderr()});
    auto first = co_await select({}, running.wait(), next_stop_signal());
    co_await group.stop();
    if (const auto& signal = first.get<1>()) {
        throw StoppedBySignal{*signal};
    }
    const process::Exited& exited = *first.get<0>();
    if (exited.launch_step != process::LaunchStep::kNone) {
        throw SystemError::from_code(exited.launch_error, "execute the compiler", words.front());
    }
    const int status = exited.wait_status;
    co_return WIFEXITED(status) ? WEXITSTATUS(status) : kKilledBySignalBase + WTERMSIG(status);
}

}  // namespace

int run_compiler(const std::vector<std::string>& words) {
    EventLoop loop;
    return loop.run_until_complete(run_below_supervisor(words));
}

}  // namespace aiomisc::cli
