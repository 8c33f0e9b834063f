// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job_files.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <sys/types.h>

namespace aiomisc::cli {

/// What the input gives for one job, before anything was decided about how it runs.
struct JobInput {
    std::uint64_t seq = 0;    ///< from 1, in input order
    std::uint64_t total = 0;  ///< of all jobs, where a template asks for it; else 0
    std::vector<std::string> items;
    std::optional<std::string>
        command;         ///< of the shell, as the job log has it; none: the template
    bool rerun = false;  ///< it failed in a run before this one
};

/// What the inputs of all jobs have in common.
struct InputShape {
    bool many_items = false;           ///< a job may have more than one
    std::size_t most_items = 0;        ///< of a job; 0 if that is not known
    std::vector<std::string> columns;  ///< names of the items, by position, where they have any
};

/// A program to execute.
struct Command {
    std::string program;            ///< what execve() gets, or a name to look up when it has no '/'
    std::vector<std::string> argv;  ///< argv[0] included
};

/// An argument of a job function, ready to be converted.
struct JobArgument {
    std::size_t parameter = 0;  ///< index into the job's parameters
    std::string text;

    friend bool operator==(const JobArgument&, const JobArgument&) = default;
};

/// A call of a module's job function.
struct ModuleCall {
    std::vector<JobArgument> arguments;
};

/// One attempt at one job, ready to be executed.
struct JobSpec {
    std::uint64_t seq = 0;
    unsigned slot = 1;     ///< from 1; no two jobs that an executor has share one
    unsigned attempt = 1;  ///< from 1
    std::vector<std::string> items;
    std::variant<Command, ModuleCall> work;
    std::string
        text;  ///< what a POSIX shell runs to the same effect; for --dry-run, -t, -v, the log
    std::string working_directory;  ///< empty: ours
    std::vector<JobFile> files;     ///< to be written before it starts
    std::string tag;                ///< prefix of its output lines; empty without --tag
    bool rerun = false;             ///< see JobInput
};

/// What ended an attempt.
enum class Cause {
    kExit,       ///< by itself, with a status; a job function that threw counts as status 1
    kSignal,     ///< a signal we did not send
    kTimeout,    ///< our --timeout
    kMemory,     ///< our memory limit
    kCancelled,  ///< the run was stopped
    kLaunch,     ///< it could not be started
};

/// The name of a cause, as it stands in the job log.
constexpr const char* to_string(Cause cause) noexcept {
    switch (cause) {
        case Cause::kExit:
            return "exit";
        case Cause::kSignal:
            return "signal";
        case Cause::kTimeout:
            return "timeout";
        case Cause::kMemory:
            return "memory";
        case Cause::kCancelled:
            return "cancelled";
        case Cause::kLaunch:
            return "launch";
    }
    return "unknown";
}

struct ResourceUsage {
    std::chrono::microseconds user{};
    std::chrono::microseconds system{};
    std::uint64_t max_rss_kib = 0;
};

/// How one attempt ended.
struct JobResult {
    Cause cause = Cause::kExit;
    int exit_status = 0;  ///< -1 when a signal, a limit or the end of the run ended it
    int signal = 0;       ///< the signal that ended it, 0 for none
    pid_t pid = 0;
    std::chrono::system_clock::time_point started;
    std::chrono::microseconds runtime{};
    ResourceUsage usage;
    std::uint64_t in_bytes = 0;
    std::uint64_t out_bytes = 0;
    std::uint64_t err_bytes = 0;
    std::string error;  ///< text of the exception, or of the error that prevented the start
    bool begun = true;  ///< false: it was cancelled before it did anything
    unsigned slot = 0;  ///< in which it ran, if that is not the one of its JobSpec

    [[nodiscard]] bool succeeded() const noexcept {
        return cause == Cause::kExit && exit_status == 0 && signal == 0;
    }
};

}  // namespace aiomisc::cli
