// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/cli/output/sink.h>
#include <aiomisc/cli/report/progress_display.h>
#include <aiomisc/cli/report/terminal_sink.h>
#include <aiomisc/cli/results/results.h>
#include <aiomisc/cli/run/job_run.h>
#include <aiomisc/cli/run/output_printer.h>
#include <aiomisc/cli/run/workload.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/job/job_module.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc {

class EventLoop;

}  // namespace aiomisc

namespace aiomisc::cli {

/// One run of jobs: everything it is made of, and what may end it from outside.
///
///     Session session(loop, options, target, module);
///     session.begin(arguments);
///     loop.run_until_complete(session.run());
///     return session.conclude();
///
/// Affinity:  loop.
class Session {
public:
    /// `module` is null for commands.
    /// Errors:    UsageError, ConfigError, SystemError (nothing was started).
    Session(EventLoop& loop, const Options& options, const Target& target, const JobModule* module);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() = default;

    /// Opens the job log, if there is to be one, and goes on with what stands there; nothing is
    /// changed of it, nor of results of an earlier run. `arguments` are the words of the command
    /// line.
    ///
    /// Errors:    those of JobLog::open(), Workload::resume_from(), JobRun.
    void begin(const std::vector<std::string>& arguments);

    /// Runs all jobs. Errors are kept for conclude().
    Task<> run();

    /// Says what there is to say, closes the log, and returns the exit status; ends the process by
    /// a signal if one stopped the run.
    int conclude();

private:
    void open_log();
    void begin_records();
    Task<> start_executor();
    Task<> run_jobs();
    Task<> watch_signals();
    void on_signal(int signal);
    void list_running();
    void suspend();
    Task<> watch_reader();
    Task<> sync_log();
    Task<> print();
    void stop_for_reader();
    // What was not run: see JobRun::jobs_left().
    void summarize(std::optional<std::uint64_t> not_run);
    void end_log(int exit_status);
    int exit_status_of_run(std::optional<std::uint64_t> not_run);

    EventLoop& loop_;
    const Options& options_;
    Target::Kind kind_;
    unsigned slots_;
    Workload work_;
    ProgressDisplay display_;
    FdSink out_;
    FdSink err_;
    TerminalSink out_terminal_;
    TerminalSink err_terminal_;
    OutputAssembler assembler_;
    OutputPrinter printer_;
    std::unique_ptr<Executor> executor_;
    std::unique_ptr<JobLog> log_;
    std::unique_ptr<Results> results_;
    std::optional<JobRun> run_;
    std::vector<std::string> arguments_;
    std::chrono::system_clock::time_point begun_;

    // How the run came to its end, beside its jobs.
    bool started_ = false;
    bool log_begun_ = false;
    bool ended_ = false;
    int stopped_by_ = 0;  ///< the signal
    bool hung_up_ = false;
    bool reader_gone_ = false;
    std::optional<std::string> error_;
};

}  // namespace aiomisc::cli
