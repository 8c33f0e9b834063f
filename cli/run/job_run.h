// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/job_source.h>
#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/job/job_planner.h>
#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/report/median.h>
#include <aiomisc/cli/report/progress_display.h>
#include <aiomisc/cli/report/run_totals.h>
#include <aiomisc/cli/results/results.h>
#include <aiomisc/cli/resume/resume_plan.h>
#include <aiomisc/cli/run/job_record.h>
#include <aiomisc/cli/run/memory_watch.h>
#include <aiomisc/cli/run/output_printer.h>
#include <aiomisc/cli/run/running_jobs.h>
#include <aiomisc/cli/run/slots.h>
#include <aiomisc/cli/run/start_gate.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task_group.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

namespace aiomisc {

class EventLoop;

}  // namespace aiomisc

namespace aiomisc::cli {

/// Takes the jobs of a run from their input to their end.
///
///     inputs ─► a free slot ─► attempt, and further ones ─► log, totals, halt rule
///                                  └► output ─► printer
///
/// One job a slot; the next input is not even read before a slot is free. Nor is it while very many
/// finished jobs wait to be printed, for the reader or for a job before them. Stopping: drain()
/// starts nothing more, cancel() also ends what runs, by the executor's kill ladder.
///
/// Affinity:  loop.
class JobRun {
public:
    struct Parts {
        EventLoop& loop;
        const Options& options;
        JobSource& inputs;
        const JobPlanner& planner;
        Executor& executor;
        OutputPrinter& printer;
        JobLog* log;         ///< may be null
        Results* results;    ///< may be null
        ResumePlan* resume;  ///< which inputs to leave out; may be null: none
        unsigned slots;
        unsigned most_slots;                 ///< if -j names a file, and that asks for more
        unsigned places;                     ///< for jobs that the executor has: as many, or more
        std::optional<std::uint64_t> total;  ///< of inputs, if it is known
    };

    /// Errors:    UsageError (a rule for starts cannot be followed here).
    explicit JobRun(Parts parts);

    /// Runs until every job has ended, or the run was stopped and what ran has ended.
    ///
    /// Errors: what ends a run: ReaderGone, SystemError (output, log or input fail). Everything
    /// that ran has ended then too.
    Task<> run();

    /// Starts nothing more.
    void drain() noexcept;

    /// Starts nothing more, and ends what runs.
    void cancel() noexcept;

    [[nodiscard]] ProgressState progress() const;

    [[nodiscard]] RunningJobs& running() noexcept { return running_; }

    [[nodiscard]] const RunTotals& totals() const noexcept { return totals_; }

    [[nodiscard]] const HaltPolicy& halt() const noexcept { return halt_; }

    /// After the end: how many jobs were not started. None if there are some, of an input that
    /// does not tell how many.
    [[nodiscard]] std::optional<std::uint64_t> jobs_left();

    /// Ends when the run is to start nothing more.
    Task<> until_stopped();

    [[nodiscard]] bool is_stopped() const noexcept { return stopped_.is_set(); }

    [[nodiscard]] std::chrono::milliseconds elapsed() const;

private:
    Task<> until_reader_is_given_up();
    Task<> feed();
    Task<> until_place_is_free();
    Task<std::optional<JobInput>> next_input();
    void reread_slots();
    Task<> pass_gate();
    // To be asked once for each input.
    bool is_wanted(JobInput& input);
    // Of the jobs of this run: what was done before does not count.
    [[nodiscard]] std::optional<std::uint64_t> total() const;

    [[nodiscard]] std::uint64_t skipped() const noexcept {
        return parts_.resume == nullptr ? 0 : parts_.resume->skipped();
    }

    Task<> run_job(JobInput input, unsigned slot);
    Task<JobResult> run_attempts(const JobInput& input, unsigned slot, JobSpec& last);
    Task<bool> comes_again(unsigned attempt, const JobResult& result);
    Task<JobResult> run_once(const JobSpec& job, JobOutput output);
    std::shared_ptr<JobRecord> begin_record(const JobInput& input);
    void announce(const JobSpec& job);
    void withdraw() noexcept;
    void finish(const JobSpec& job, const JobResult& result);
    void fail(std::exception_ptr error) noexcept;
    [[nodiscard]] std::optional<Duration> time_limit() const;
    Task<> pause(Duration duration);

    Parts parts_;
    Slots slots_;
    StartGate gate_;
    HaltPolicy halt_;
    RunTotals totals_;
    RunningMedian runtimes_;
    TaskGroup jobs_;
    RunningJobs running_;
    MemoryWatch memory_watch_;
    Event stopped_;
    Event changed_;  ///< a job ended, something was printed, or the run was stopped
    std::exception_ptr error_;
    TimePoint begin_;
    std::uint64_t started_ = 0;
    std::uint64_t done_ = 0;
    /// Handed out, and not begun when the run was stopped, or without a record.
    std::uint64_t withdrawn_ = 0;
    bool input_ended_ = false;
    bool input_held_ = false;  ///< one was taken, and the run stopped before its job
    bool cancelled_ = false;
    Event cancel_seen_;
};

}  // namespace aiomisc::cli
