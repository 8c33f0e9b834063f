// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/launch.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/input/job_inputs.h>
#include <aiomisc/cli/input/total.h>
#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/cli/job/job_planner.h>
#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/options/cpu_count.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/cli/output/sink.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/report/progress_display.h>
#include <aiomisc/cli/report/summary.h>
#include <aiomisc/cli/run/command_executor.h>
#include <aiomisc/cli/run/job_run.h>
#include <aiomisc/cli/run/module_executor.h>
#include <aiomisc/cli/run/output_printer.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/worker/pool/worker_pool.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

unsigned slots_of(const Options& options) {
    return options.run.slots.count(usable_cpus(), slots_within_limits());
}

/// Ends this process as the signal would have, so that shells and make(1) stop as well.
[[noreturn]] void die_of(int signal) {
    ::signal(signal, SIG_DFL);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    ::raise(signal);
    std::_Exit(kKilledBySignalBase + signal);
}

/// Whether both descriptors are the same terminal.
bool same_terminal(int a, int b) {
    struct stat first{};
    struct stat second{};
    return ::isatty(a) == 1 && ::isatty(b) == 1 && ::fstat(a, &first) == 0 &&
           ::fstat(b, &second) == 0 && first.st_rdev == second.st_rdev;
}

/// How a run came to its end, beside its jobs.
struct Ending {
    int signal = 0;        ///< stopped by it
    bool hung_up = false;  ///< drained by SIGHUP
    bool reader_gone = false;
    std::exception_ptr error;
};

Task<> watch_signals(Signals& signals, JobRun& run, Ending& ending) {
    for (;;) {
        const int signal = co_await signals.next();
        if (signal == SIGHUP) {
            ending.hung_up = true;
            run.drain();
        } else if (ending.signal == 0) {
            ending.signal = signal;
            run.cancel();
        } else {
            // With us goes the lifeline of the supervisors: they kill everything at once.
            die_of(signal);
        }
    }
}

Task<> print(OutputPrinter& printer, JobRun& run, Ending& ending) {
    try {
        co_await printer.run();
    } catch (const ReaderGone&) {
        ending.reader_gone = true;
        run.cancel();
    } catch (const std::exception&) {
        ending.error = std::current_exception();
        run.cancel();
    }
}

/// What only a run has, beside what every run is made of.
struct Session {
    Session(EventLoop& loop, const Options& options, const Target& target, const JobModule* module)
        : slots(slots_of(options)),
          inputs(JobInputs::open(options.sources, options.input)),
          planner(
              module == nullptr ? JobPlanner(options, target, inputs.many_items())
                                : JobPlanner(options, target, *module->job())),
          out(STDOUT_FILENO),
          err(STDERR_FILENO),
          assembler(options.output, out, err),
          display(
              loop,
              options.report.progress,
              [this] { return run ? run->progress() : ProgressState(); }),
          printer(assembler, display, same_terminal(STDOUT_FILENO, STDERR_FILENO)) {
        const std::string run_id = make_run_id();
        if (module == nullptr) {
            executor = std::make_unique<CommandExecutor>(loop, options.run.kill_ladder, run_id);
        } else {
            executor = std::make_unique<ModuleExecutor>(
                loop, module->file().string(), slots, options.run, run_id);
        }
        if (!options.report.job_log.empty()) {
            log = JobLog::open(options.report.job_log, options.report.append_to_log);
        }
        const auto total = options.report.total ? options.report.total
                                                : known_total(options.sources, options.input);
        run.emplace(JobRun::Parts{
            loop, options, inputs, planner, *executor, printer, log.get(), slots, total});
    }

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    unsigned slots;
    JobInputs inputs;
    JobPlanner planner;
    FdSink out;
    FdSink err;
    OutputAssembler assembler;
    ProgressDisplay display;
    OutputPrinter printer;
    std::unique_ptr<Executor> executor;
    std::unique_ptr<JobLog> log;
    std::optional<JobRun> run;
    Ending ending;
};

const char* kind_name(Target::Kind kind) noexcept {
    switch (kind) {
        case Target::Kind::kCommand:
            return "command";
        case Target::Kind::kModule:
            return "module";
        case Target::Kind::kSource:
            return "source";
    }
    return "command";
}

Task<> run_all(Session& session) {
    try {
        co_await session.executor->start();
        session.display.start();
        co_await session.run->run();
    } catch (const ReaderGone&) {
        session.ending.reader_gone = true;
    } catch (const std::exception&) {
        session.ending.error = std::current_exception();
    }
    session.display.stop();
    co_await session.executor->stop();
}

Task<> run_session(EventLoop& loop, Session& session) {
    Signals signals(loop, {SIGINT, SIGTERM, SIGHUP});
    TaskHandle<> watching = create_task(watch_signals(signals, *session.run, session.ending));
    TaskHandle<> printing = create_task(print(session.printer, *session.run, session.ending));
    co_await run_all(session);
}

void summarize(const Options& options, Session& session) {
    const JobRun& run = *session.run;
    const std::uint64_t not_run = run.input_left() ? 1 : 0;
    if (session.ending.reader_gone || !wants_summary(
                                          options.report.summary,
                                          run.totals(),
                                          not_run,
                                          run.elapsed(),
                                          ::isatty(STDERR_FILENO) == 1)) {
        return;
    }
    session.display.message(summary_text(run.totals(), not_run, run.elapsed()));
}

int exit_status_of(Session& session) {
    if (session.ending.error) {
        session.display.message(
            "aiomisc-run: " + printable(describe_exception(session.ending.error)) + "\n");
        return kLauncherError;
    }
    if (session.ending.hung_up && session.run->input_left()) {
        return kKilledBySignalBase + SIGHUP;
    }
    return exit_status(session.run->totals(), session.run->halt());
}

Task<> print_plan(const Options& options, JobInputs& inputs, const JobPlanner& planner) {
    const unsigned slots = slots_of(options);
    JobInput input;
    for (;;) {
        switch (inputs.next(input)) {
            case Pull::kItem:
                fmt::print(
                    "{}\n",
                    planner.plan(input, static_cast<unsigned>((input.seq - 1) % slots + 1), 1)
                        .text);
                break;
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
    JobInputs inputs = JobInputs::open(options.sources, options.input);
    const JobPlanner planner = module == nullptr ? JobPlanner(options, target, inputs.many_items())
                                                 : JobPlanner(options, target, *module->job());
    loop.run_until_complete(print_plan(options, inputs, planner));
    return kSuccess;
}

Task<int> run_script(
    EventLoop& loop, const Options& options, const Target& target, const JobModule& module) {
    WorkerPool pool(loop, {.workers = slots_of(options), .name = "script"});
    co_await pool.start();
    Signals signals(loop, {SIGINT, SIGTERM});
    TaskHandle<int> script = create_task(module.main()(JobArguments{target.words, pool}));
    int stopped_by = 0;
    TaskHandle<> watching =
        create_task([](Signals& watched, TaskHandle<int>& running, int& by) -> Task<> {
            for (;;) {
                const int signal = co_await watched.next();
                if (by != 0) {
                    die_of(signal);
                }
                by = signal;
                running.cancel();
            }
        }(signals, script, stopped_by));
    int status = kLauncherError;
    try {
        status = co_await script;
    } catch (const CancelledError&) {
        status = kKilledBySignalBase + stopped_by;
    } catch (const std::exception& error) {
        log::error("aiomisc-run", "aiomisc-run: the script failed: {}", printable(error.what()));
        status = 1;
    }
    co_await pool.close();
    if (stopped_by != 0) {
        die_of(stopped_by);
    }
    co_return status;
}

}  // namespace

int launch_jobs(
    const Options& options,
    const std::vector<std::string>& arguments,
    const Target& target,
    const JobModule* module) {
    EventLoop loop;
    if (options.run.dry_run) {
        return dry_run(loop, options, target, module);
    }
    Session session(loop, options, target, module);
    if (options.sources.empty() && ::isatty(STDIN_FILENO) == 1) {
        session.display.message(
            "aiomisc-run: reading items from the terminal, one a line; ^D ends them\n");
    }
    if (session.log) {
        session.log->begin(
            {arguments,
             std::filesystem::current_path(),
             std::chrono::system_clock::now(),
             kind_name(target.kind)});
    }
    loop.run_until_complete(run_session(loop, session));
    summarize(options, session);
    const int status = exit_status_of(session);
    if (session.log) {
        session.log->end(status);
        session.log->sync();
    }
    if (session.ending.reader_gone) {
        die_of(SIGPIPE);
    }
    if (session.ending.signal != 0) {
        die_of(session.ending.signal);
    }
    return status;
}

int launch_script(const Options& options, const Target& target, const JobModule& module) {
    if (!options.sources.empty()) {
        throw UsageError("a job script reads its input itself: give its words without ::: or -a");
    }
    EventLoop loop;
    return loop.run_until_complete(run_script(loop, options, target, module));
}

}  // namespace aiomisc::cli
