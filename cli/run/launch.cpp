// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/launch.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/input/job_inputs.h>
#include <aiomisc/cli/job/job_planner.h>
#include <aiomisc/cli/run/planned_inputs.h>
#include <aiomisc/cli/run/session.h>
#include <aiomisc/cli/run/slot_count.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include <unistd.h>

namespace aiomisc::cli {

namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds them
Task<> print_plan(JobInputs& inputs, const JobPlanner& planner, unsigned slots) {
    JobInput input;
    for (;;) {
        switch (inputs.next(input)) {
            case Pull::kItem: {
                // Which slot a job gets shows when it runs; this one it would get if all were
                // alike.
                const auto slot = static_cast<unsigned>((input.seq - 1) % slots + 1);
                fmt::print("{}\n", planner.plan(input, slot, 1).text);
                break;
            }
            case Pull::kWait:
                co_await readable(inputs.wait_fd());
                break;
            case Pull::kEnd:
                co_return;
        }
    }
}

int dry_run(
    EventLoop& loop, const Options& options, const Target& target, const JobModule* module) {
    const unsigned slots = slots_of_run(options.run.slots);
    JobInputs inputs = JobInputs::open(options.sources, options.input);
    const JobPlanner planner(
        options, target, module == nullptr ? nullptr : module->job(), inputs.shape(), slots);
    adapt_to_plan(inputs, planner, options, slots);
    // A reader that has seen enough ends this by that signal, as it would any other filter.
    ::signal(SIGPIPE, SIG_DFL);
    loop.run_until_complete(print_plan(inputs, planner, slots));
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
    if (options.sources.empty() && ::isatty(STDIN_FILENO) == 1) {
        fmt::print(
            stderr, "aiomisc-run: reading items from the terminal, one a line; ^D ends them\n");
    }
    Session session(loop, options, target, module);
    session.begin_log(arguments);
    loop.run_until_complete(session.run());
    return session.conclude();
}

}  // namespace aiomisc::cli
