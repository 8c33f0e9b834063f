// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/launch.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/log/log_reader.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/run/preflight.h>
#include <aiomisc/cli/run/session.h>
#include <aiomisc/cli/run/slot_count.h>
#include <aiomisc/cli/run/stop_signals.h>
#include <aiomisc/cli/run/workload.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include <unistd.h>

namespace aiomisc::cli {

namespace {

/// Prints the jobs that a run would start.
class DryRun {
public:
    DryRun(Workload& work, unsigned slots) : work_(work), slots_(slots) {}

    Task<> print() {
        JobInput input;
        for (;;) {
            switch (work_.inputs().next(input)) {
                case Pull::kItem:
                    print(input);
                    break;
                case Pull::kWait:
                    if (work_.inputs().wait_fd() >= 0) {
                        co_await readable(work_.inputs().wait_fd());
                    }
                    break;
                case Pull::kEnd:
                    co_return;
            }
        }
    }

    /// That of a run in which no other job failed.
    [[nodiscard]] int exit_status() const {
        return static_cast<int>(std::min<std::uint64_t>(not_started_, kMoreFailures));
    }

private:
    void print(const JobInput& input) {
        if (work_.resume() != nullptr && work_.resume()->decide(input) == Verdict::kSkip) {
            return;
        }
        // Which slot a job gets shows when it runs; this one it would get if all were alike.
        const auto slot = static_cast<unsigned>((input.seq - 1) % slots_ + 1);
        std::string text;
        try {
            text = work_.planner().plan(input, slot, 1).text;
        } catch (const Error& error) {
            ++not_started_;
            fmt::print(
                stderr,
                "aiomisc-run: job {} would not be started ({}): {}\n",
                input.seq,
                printable(error.what()),
                printable(work_.planner().text(input, slot)));
            return;
        }
        fmt::print("{}\n", text);
    }

    Workload& work_;
    unsigned slots_;
    std::uint64_t not_started_ = 0;
};

int dry_run(
    EventLoop& loop, const Options& options, const Target& target, const JobModule* module) {
    const unsigned slots = slots_of_run(options.run.slots);
    Workload work(options, target, module, slots);
    const std::string& log = options.report.job_log;
    if (options.resume.mode != ResumeMode::kNone && ::access(log.c_str(), F_OK) == 0) {
        // Not as a run does, which would lock it, make it, and end what is torn.
        work.resume_from(LogReader(open_log_to_read(log), log));
    }
    end_with_reader();
    DryRun plan(work, slots);
    loop.run_until_complete(plan.print());
    return plan.exit_status();
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
    check_surroundings(options);
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
