// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/command_process.h>

#include <aiomisc/runtime/base/compiler.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/signals_blocked.h>
#include <aiomisc/worker/process/limits.h>
#include <aiomisc/worker/process/process_setup.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
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

std::string_view name_of(std::string_view entry) {
    return entry.substr(0, entry.find('='));
}

// The environment of the command, ended by null. An entry without a value takes the variable away;
// of two with one name, the later one holds. Points into the process's environment and `command`.
std::vector<char*> environment_of(const SpawnCommand& command) {
    std::unordered_map<std::string_view, const std::string*> changed;
    for (const std::string& entry : command.environment) {
        changed[name_of(entry)] = &entry;
    }
    std::vector<char*> result;
    for (char** entry = environ; command.inherit_environment && *entry != nullptr; ++entry) {
        if (!changed.contains(name_of(*entry))) {
            result.push_back(*entry);
        }
    }
    for (const std::string& entry : command.environment) {
        if (changed.at(name_of(entry)) == &entry && entry.find('=') != std::string::npos) {
            result.push_back(const_cast<char*>(entry.c_str()));
        }
    }
    result.push_back(nullptr);
    return result;
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

// What runs between fork and exec, in the memory of the supervisor: allocates nothing that it does
// not free, and changes nothing that it does not own.
void launch(const CommandFork& fork, char* const* arguments, LaunchReport& report) {
    const SpawnCommand& command = *fork.command;
    if (!redirect(fork.in, STDIN_FILENO) || !redirect(fork.out, STDOUT_FILENO) ||
        !redirect(fork.err, STDERR_FILENO)) {
        report.fail(LaunchStep::kRedirect, errno);
        return;
    }
    close_descriptors_above_standard();
    set_oom_score_adjust(fork.oom_score_adjust);
    be_nice(command.nice);
    if (!command.working_directory.empty() && ::chdir(command.working_directory.c_str()) != 0) {
        report.fail(LaunchStep::kEnterDirectory, errno);
        return;
    }
    reset_signals();
    ::signal(SIGPIPE, SIG_DFL);
    unblock_signals();
    try {
        apply_limits(*fork.limits);
    } catch (const SystemError& error) {
        report.fail(LaunchStep::kLimit, error.code());
        return;
    }
    ::execvp(*arguments, arguments);
    report.fail(LaunchStep::kExecute, errno);
}

[[noreturn]] void run(
    const CommandFork& fork, char* const* arguments, LaunchReport& report) noexcept {
    die_with_parent(fork.supervisor);
    become_subreaper();
    set_apart(fork.command->grouping);
    launch(fork, arguments, report);
    const bool not_found = report.step() == LaunchStep::kExecute && report.error() == ENOENT;
    ::_exit(not_found ? kNotFound : kCannotExecute);
}

// execvp() looks for the program along the PATH of the environment that it passes on, this one.
class Environment {
public:
    explicit Environment(char** environment) noexcept
        : before_(std::exchange(environ, environment)) {}

    ~Environment() { environ = before_; }

    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

private:
    char** before_;
};

}  // namespace

pid_t start_command(const CommandFork& fork, LaunchReport& report) {
    const std::vector<char*> arguments = pointers_to(fork.command->arguments);
    std::vector<char*> variables = environment_of(*fork.command);
    // A handler of the supervisor's must not run in a child that shares its memory.
    const SignalsBlocked blocked;
    const Environment environment(variables.data());
    // NOLINTBEGIN(bugprone-unsafe-functions,clang-analyzer-*): posix_spawn() can do little of this
#ifdef AIOMISC_THREAD_SANITIZER
    // It would make a fork() of it, with the handlers.
    const pid_t pid = fork_without_handlers();
#else
    const pid_t pid = ::vfork();
#endif
    if (pid == 0) {
        run(fork, arguments.data(), report);
    }
    // NOLINTEND(bugprone-unsafe-functions,clang-analyzer-*)
    if (pid < 0) {
        throw SystemError::from_errno("fork", "command");
    }
#ifdef AIOMISC_THREAD_SANITIZER
    if (fork.command->grouping == Grouping::kGroup) {
        ::setpgid(pid, pid);  // the child may not have come so far
    }
#endif
    return pid;
}

}  // namespace aiomisc::process
