// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/launch.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/log/log_reader.h>
#include <aiomisc/cli/run/session.h>
#include <aiomisc/cli/run/slot_count.h>
#include <aiomisc/cli/run/workload.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include <unistd.h>

namespace aiomisc::cli {

namespace {

void print_job(Workload& work, const JobInput& input, unsigned slots) {
    if (work.resume() != nullptr && work.resume()->decide(input) == Verdict::kSkip) {
        return;
    }
    // Which slot a job gets shows when it runs; this one it would get if all were alike.
    const auto slot = static_cast<unsigned>((input.seq - 1) % slots + 1);
    fmt::print("{}\n", work.planner().plan(input, slot, 1).text);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds them
Task<> print_plan(Workload& work, unsigned slots) {
    JobInput input;
    for (;;) {
        switch (work.inputs().next(input)) {
            case Pull::kItem:
                print_job(work, input, slots);
                break;
            case Pull::kWait:
                if (work.inputs().wait_fd() >= 0) {
                    co_await readable(work.inputs().wait_fd());
                }
                break;
            case Pull::kEnd:
                co_return;
        }
    }
}

int dry_run(
    EventLoop& loop, const Options& options, const Target& target, const JobModule* module) {
    const unsigned slots = slots_of_run(options.run.slots);
    Workload work(options, target, module, slots);
    const std::string& log = options.report.job_log;
    if (options.resume.mode != ResumeMode::kNone && ::access(log.c_str(), F_OK) == 0) {
        // Not as a run does, which would lock it, make it, and end what is torn.
        work.resume_from(LogReader(open_log_to_read(log), log));
    }
    // A reader that has seen enough ends this by that signal, as it would any other filter.
    ::signal(SIGPIPE, SIG_DFL);
    loop.run_until_complete(print_plan(work, slots));
    if (std::fflush(stdout) != 0) {
        throw SystemError::from_errno("write", "stdout");
    }
    return kSuccess;
}

}  // namespace

int launch_jobs(
    const Options& options,
    const std::vector<std::string>& arguments,
    const Target& target,
    const JobModule* module) {
    EventLoop loop;
    if (options.input.shuffle_seed) {
        fmt::print(
            stderr, "aiomisc-run: the order is that of --shuf={}\n", *options.input.shuffle_seed);
    }
    if (options.run.dry_run) {
        return dry_run(loop, options, target, module);
    }
    if (options.sources.empty() && options.resume.mode != ResumeMode::kRetryFailed &&
        ::isatty(STDIN_FILENO) == 1) {
        fmt::print(
            stderr, "aiomisc-run: reading items from the terminal, one a line; ^D ends them\n");
    }
    Session session(loop, options, target, module);
    session.begin(arguments);
    loop.run_until_complete(session.run());
    return session.conclude();
}

}  // namespace aiomisc::cli
