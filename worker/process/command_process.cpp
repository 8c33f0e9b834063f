// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/command_process.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/limits.h>
#include <aiomisc/worker/process/process_setup.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

namespace aiomisc::process {

namespace {

constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;

// Pointers into the strings, ended as the system wants them. Casts: its interface predates const.
std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (const std::string& text : strings) {
        pointers.push_back(const_cast<char*>(text.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

void set_environment(const SpawnCommand& command) {
    if (!command.inherit_environment) {
        ::clearenv();  // NOLINT(concurrency-mt-unsafe): one thread after fork
    }
    for (const std::string& entry : command.environment) {
        char* const variable = const_cast<char*>(entry.c_str());
        ::putenv(variable);  // NOLINT(concurrency-mt-unsafe): one thread after fork
    }
}

void set_apart(Grouping grouping) noexcept {
    switch (grouping) {
        case Grouping::kGroup:
            ::setpgid(0, 0);
            break;
        case Grouping::kSession:
            ::setsid();
            break;
        case Grouping::kShared:
            break;
    }
}

void launch(const CommandFork& fork, LaunchReport& report) {
    const SpawnCommand& command = *fork.command;
    if (!redirect(fork.in, STDIN_FILENO) || !redirect(fork.out, STDOUT_FILENO) ||
        !redirect(fork.err, STDERR_FILENO)) {
        report.fail(LaunchStep::kRedirect, errno);
        return;
    }
    close_descriptors_except({});
    set_oom_score_adjust(fork.oom_score_adjust);
    be_nice(command.nice);
    if (!command.working_directory.empty() && ::chdir(command.working_directory.c_str()) != 0) {
        report.fail(LaunchStep::kEnterDirectory, errno);
        return;
    }
    set_environment(command);
    const std::vector<char*> arguments = pointers_to(command.arguments);
    reset_signals();
    ::signal(SIGPIPE, SIG_DFL);
    unblock_signals();
    try {
        apply_limits(*fork.limits);
    } catch (const SystemError& error) {
        report.fail(LaunchStep::kLimit, error.code());
        return;
    }
    ::execvp(arguments.front(), arguments.data());
    report.fail(LaunchStep::kExecute, errno);
}

}  // namespace

void run_command_process(CommandFork fork, LaunchReport& report) noexcept {
    die_with_parent(fork.supervisor);
    become_subreaper();
    set_apart(fork.command->grouping);
    launch(fork, report);
    const bool not_found = report.step() == LaunchStep::kExecute && report.error() == ENOENT;
    ::_exit(not_found ? kNotFound : kCannotExecute);
}

}  // namespace aiomisc::process
