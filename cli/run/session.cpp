// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/session.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/cli/log/log_reader.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/report/summary.h>
#include <aiomisc/cli/resume/resume_command.h>
#include <aiomisc/cli/run/command_executor.h>
#include <aiomisc/cli/run/job_files_executor.h>
#include <aiomisc/cli/run/jobs_ahead.h>
#include <aiomisc/cli/run/log_sync.h>
#include <aiomisc/cli/run/module_executor.h>
#include <aiomisc/cli/run/reader_watch.h>
#include <aiomisc/cli/run/slot_count.h>
#include <aiomisc/cli/run/stop_signals.h>
#include <aiomisc/runtime/app/second_signal.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/select.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <errno.h>  // program_invocation_name
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

/// Whether both descriptors are the same terminal.
bool same_terminal(int a, int b) {
    struct stat first{};
    struct stat second{};
    return ::isatty(a) == 1 && ::isatty(b) == 1 && ::fstat(a, &first) == 0 &&
           ::fstat(b, &second) == 0 && first.st_rdev == second.st_rdev;
}

bool keeps_files(const OutputOptions& output) {
    return !output.results.empty() || output.print_file_names;
}

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

}  // namespace

Session::Session(
    EventLoop& loop, const Options& options, const Target& target, const JobModule* module)
    : loop_(loop),
      options_(options),
      kind_(target.kind),
      slots_(slots_of_run(options.run.slots, keeps_files(options.output))),
      work_(options, target, module, slots_),
      display_(loop, options.report, [this] { return run_ ? run_->progress() : ProgressState(); }),
      out_(STDOUT_FILENO),
      err_(STDERR_FILENO),
      out_terminal_(out_, display_),
      err_terminal_(err_, display_),
      assembler_(
          options.output,
          same_terminal(STDOUT_FILENO, STDERR_FILENO) ? static_cast<Sink&>(out_terminal_) : out_,
          ::isatty(STDERR_FILENO) == 1 ? static_cast<Sink&>(err_terminal_) : err_),
      printer_(assembler_, display_) {
    const std::string run_id = make_run_id();
    if (module == nullptr) {
        executor_ = std::make_unique<CommandExecutor>(loop, options.run, run_id);
    } else {
        executor_ = std::make_unique<ModuleExecutor>(
            loop, module->file().string(), slots_, options, run_id);
    }
    results_ = Results::open(options, work_.planner().placeholders(), work_.columns(), run_id);
    if (!options.run.file_templates.empty()) {
        executor_ =
            std::make_unique<JobFilesExecutor>(std::move(executor_), options.run.remove_files);
    }
}

void Session::open_log() {
    const std::string& path = options_.report.job_log;
    const ResumeMode resume = options_.resume.mode;
    if (path.empty()) {
        return;
    }
    if (resume != ResumeMode::kNone && ::access(path.c_str(), F_OK) == 0) {
        // To write to a pipe is to wait for its reader.
        static_cast<void>(open_log_to_read(path));
    }
    log_ = JobLog::open(path, options_.report.append_to_log || resume != ResumeMode::kNone);
    if (resume != ResumeMode::kNone) {
        work_.resume_from(LogReader(log_->file().open_for_reading(), path));
    }
    for (const std::string& note : work_.notes()) {
        display_.message("aiomisc-run: " + note + "\n");
    }
}

void Session::begin(const std::vector<std::string>& arguments) {
    arguments_ = arguments;
    open_log();
    run_.emplace(JobRun::Parts{
        loop_,
        options_,
        work_.inputs(),
        work_.planner(),
        *executor_,
        printer_,
        log_.get(),
        results_.get(),
        work_.resume(),
        slots_,
        // Workers are as many as at first, and so are their places.
        kind_ == Target::Kind::kCommand ? slots_within_limits() : slots_,
        kind_ != Target::Kind::kCommand && may_run_ahead(options_) ? slots_ * kJobsTogether
                                                                   : slots_,
        work_.total()});
    begun_ = std::chrono::system_clock::now();
}

void Session::begin_records() {
    if (results_) {
        results_->start();
    }
    if (log_) {
        std::error_code no_directory;  // it was removed: the log says nothing of it
        log_->begin(
            {.arguments = arguments_,
             .directory = std::filesystem::current_path(no_directory).string(),
             .started = begun_,
             .target = kind_name(kind_),
             .command_template = work_.command_template(),
             .resume = option_of(options_.resume.mode)});
        log_begun_ = true;
    }
}

Task<> Session::watch_signals() {
    Signals signals(loop_, signals_of_run());
    // The second one works where this loop does not: in a write to a stderr that nobody reads.
    const detail::SecondSignal second({SIGINT, SIGTERM}, &die_in_handler);
    for (;;) {
        on_signal(co_await signals.next());
    }
}

void Session::on_signal(int signal) {
    switch (signal) {
        case SIGUSR1:
            list_running();
            return;
        case SIGUSR2:
            display_.toggle();
            return;
        case SIGTSTP:
            suspend();
            return;
        case SIGHUP:
            hung_up_ = true;
            run_->drain();
            return;
        default:
            break;
    }
    stopped_by_ = signal;
    run_->cancel();
}

void Session::list_running() {
    const auto lines = run_->running().describe(*executor_, loop_.now());
    std::string listing = lines.empty() ? "aiomisc-run: no job runs\n" : "";
    for (const std::string& line : lines) {
        listing += fmt::format("aiomisc-run: {}\n", line);
    }
    display_.offer(listing);
}

void Session::suspend() {
    executor_->suspend();
    display_.lift();
    const TimePoint begin = loop_.now();
    // Not SIGTSTP: the kernel would ignore it where there is no shell to let us go on.
    ::raise(SIGSTOP);
    display_.restore();
    executor_->resume();
    run_->running().postpone_all(loop_.now() - begin);
}

void Session::stop_for_reader() {
    if (!ended_) {
        reader_gone_ = true;
        run_->cancel();
    }
}

Task<> Session::watch_reader() {
    // Nobody needs to read what nobody prints: before the first output this is no reason to stop.
    co_await printer_.begun().wait();
    if (co_await reader_gone(STDOUT_FILENO)) {
        stop_for_reader();
    }
}

Task<> Session::print() {
    try {
        co_await printer_.run();
    } catch (const ReaderGone&) {
        stop_for_reader();
    } catch (const std::exception& error) {
        error_ = error.what();
        run_->cancel();
    }
}

// What was kept and recorded before goes only when there are workers to do better.
Task<> Session::start_executor() {
    try {
        // A start may take long: an init() that loads a model.
        co_await select({}, executor_->start(), run_->until_stopped());
    } catch (const std::exception& error) {
        throw Error(std::string("the workers cannot be started: ") + error.what());
    }
    started_ = !run_->is_stopped();
    if (started_) {
        begin_records();
    }
}

Task<> Session::run_jobs() {
    try {
        co_await start_executor();
        display_.start();
        co_await run_->run();
    } catch (const ReaderGone&) {
        reader_gone_ = true;
    } catch (const std::exception& error) {
        error_ = error.what();
    }
    ended_ = true;
    display_.stop();
    co_await executor_->stop();
}

Task<> Session::sync_log() {
    try {
        co_await keep_synced(log_->file());
    } catch (const Error& error) {
        error_ = error.what();
        run_->cancel();
    }
}

Task<> Session::run() {
    std::vector<TaskHandle<>> signals;
    signals.push_back(create_task(watch_signals()));
    std::vector<TaskHandle<>> others;
    others.push_back(create_task(print()));
    others.push_back(create_task(watch_reader()));
    if (log_) {
        others.push_back(create_task(sync_log()));
    }
    co_await run_jobs();
    // Signals do again what they do by default: nobody answers them where the summary waits for its
    // reader, or the log for its disk.
    co_await cancel_tasks(signals);
    co_await cancel_tasks(others);
}

void Session::summarize(std::optional<std::uint64_t> not_run) {
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    const RunTotals& totals = run_->totals();
    SummaryFacts facts{.not_run = not_run, .elapsed = run_->elapsed()};
    if (const ResumePlan* const resume = work_.resume()) {
        facts.done_before = resume->skipped();
        facts.failed_before = resume->skipped_failed();
    }
    facts.how_to_go_on = how_to_go_on(
        options_,
        {.failed = totals.failed() + facts.failed_before > 0,
         .not_run = not_run != 0,
         .is_module = kind_ != Target::Kind::kCommand,
         .program = program_invocation_name,
         .arguments = arguments_});
    // Where nothing ran there is nothing to sum up beside the error.
    const bool ran = totals.succeeded() + totals.failed() > 0;
    if (started_ && !reader_gone_ && (ran || !error_) &&
        wants_summary(options_.report.summary, totals, facts, terminal)) {
        display_.message(summary_text(totals, facts));
    }
}

int Session::exit_status_of_run(std::optional<std::uint64_t> not_run) {
    if (error_) {
        display_.message(fmt::format("aiomisc-run: {}\n", printable(*error_)));
        return kLauncherError;
    }
    if (hung_up_ && not_run != 0) {
        return kKilledBySignalBase + SIGHUP;
    }
    return exit_status(run_->totals(), run_->halt());
}

void Session::end_log(int exit_status) {
    try {
        log_->end(exit_status);
        log_->file().sync();
    } catch (const Error&) {
        if (!error_) {  // a disk that is full has been told of
            throw;
        }
    }
}

int Session::conclude() {
    const std::optional<std::uint64_t> not_run = run_->jobs_left();
    summarize(not_run);
    const int status = exit_status_of_run(not_run);
    const int signal = reader_gone_ ? SIGPIPE : stopped_by_;
    if (log_begun_) {
        // As a shell has it, which is what whoever reads the log has seen.
        end_log(signal == 0 ? status : kKilledBySignalBase + signal);
    }
    if (signal != 0) {
        die_of(signal);
    }
    return status;
}

}  // namespace aiomisc::cli
