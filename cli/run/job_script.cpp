// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/job_script.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/run/slot_count.h>
#include <aiomisc/cli/run/stop_signals.h>
#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

namespace aiomisc::cli {

namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds them

/// The first signal cancels the script, so that it can clean up; the second ends everything.
Task<> cancel_on_signal(EventLoop& loop, TaskHandle<int>& script, int& stopped_by) {
    Signals signals(loop, {SIGINT, SIGTERM});
    for (;;) {
        const int signal = co_await signals.next();
        if (stopped_by != 0) {
            die_of(signal);
        }
        stopped_by = signal;
        script.cancel();
    }
}

Task<int> status_of(TaskHandle<int>& script) {
    try {
        co_return co_await script;
    } catch (const CancelledError&) {
        fmt::print(stderr, "aiomisc-run: the script was cancelled\n");
    } catch (...) {
        fmt::print(
            stderr,
            "aiomisc-run: the script failed: {}\n",
            printable(describe_exception(std::current_exception())));
    }
    co_return 1;
}

Task<int> run_script(
    EventLoop& loop, const Options& options, const Target& target, const JobModule& module) {
    WorkerPool pool(
        loop,
        {.workers = slots_of_run(options.run.slots),
         .recycle_after_calls = options.run.worker_tasks,
         .recycle_above_rss_bytes = options.run.worker_rss,
         .name = "aiomisc-run"});
    co_await pool.start();
    TaskHandle<int> script = create_task(module.main()(JobArguments{target.words, pool}));
    int stopped_by = 0;
    const TaskHandle<> watching = create_task(cancel_on_signal(loop, script, stopped_by));
    const int status = co_await status_of(script);
    co_await pool.close();
    if (stopped_by != 0) {
        std::fflush(nullptr);
        die_of(stopped_by);
    }
    co_return status;
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

/// The options that say something of a job script. All others are about jobs, of which it has none.
constexpr std::string_view kScriptOptions[] = {
    "-j",
    "-P",
    "--jobs",
    "--max-procs",
    "--mode",
    "--cxxflags",
    "--no-directives",
    "--worker-tasks",
    "--worker-rss",
    "--dry-run",
    "--dryrun"};

void refuse_job_options(const std::vector<std::string>& given) {
    for (const std::string& option : given) {
        if (std::ranges::find(kScriptOptions, option) == std::end(kScriptOptions)) {
            throw UsageError(
                option +
                ": a job script runs its stages itself; this option is for job functions "
                "and commands");
        }
    }
}

}  // namespace

int launch_script(const Options& options, const Target& target, const JobModule& module) {
    if (!options.sources.empty()) {
        throw UsageError("a job script reads its input itself: give its words without ::: or -a");
    }
    refuse_job_options(options.given);
    if (options.run.dry_run) {
        fmt::print("{}\n", shell_join(options.command.words));
        return kSuccess;
    }
    // As in a program that calls aiomisc::run(): a script may print for ever, and look at nothing.
    end_with_reader();
    EventLoop loop;
    return loop.run_until_complete(run_script(loop, options, target, module));
}

}  // namespace aiomisc::cli
