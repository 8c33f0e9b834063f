// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/job_run.h>

#include <aiomisc/cli/options/cpu_count.h>
#include <aiomisc/cli/output/sink.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/run/command_result.h>
#include <aiomisc/cli/run/system_state.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/runtime/task/select.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <algorithm>
#include <random>
#include <utility>

namespace aiomisc::cli {

namespace {

/// Successes before a percentage of the median says anything.
constexpr std::size_t kEnoughForMedian = 3;

double random_share() {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(random);
}

/// How long a run that was told to stop waits until its output is read.
constexpr std::chrono::seconds kReaderLimit{2};

/// Inputs that are left out before other tasks have their turn.
constexpr std::uint64_t kSkipsAtOnce = 256;

}  // namespace

JobRun::JobRun(Parts parts)
    : parts_(parts),
      slots_(std::max(parts.places, parts.most_slots)),
      gate_(
          parts.loop,
          parts.options.run.start,
          usable_cpus(),
          {.running_processes = [] { return running_processes(); },
           .available_memory = [] { return available_memory(); }},
          [this](const std::string& text) {
              parts_.printer.message("aiomisc-run: " + text + "\n");
          }),
      halt_(parts.options.run.halt),
      memory_watch_(parts.loop, parts.options.run.memory_limit.resident, running_, parts.executor),
      begin_(parts.loop.now()) {
    parts_.printer.when_printed([this] { changed_.set(); });
}

std::chrono::milliseconds JobRun::elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(parts_.loop.now() - begin_);
}

ProgressState JobRun::progress() const {
    ProgressState state;
    state.total = total();
    state.done = done_;
    state.failed = totals_.failed();
    state.running = std::min<std::uint64_t>(running_.size(), parts_.slots);
    state.partial = parts_.executor.progress();
    state.slots = parts_.slots;
    state.elapsed = elapsed();
    state.median_runtime = runtimes_.median();
    return state;
}

void JobRun::drain() noexcept {
    stopped_.set();
    changed_.set();
    parts_.executor.withdraw();
}

void JobRun::cancel() noexcept {
    cancelled_ = true;
    cancel_seen_.set();
    stopped_.set();
    changed_.set();
    // First, or those that wait would begin as the ones before them end.
    parts_.executor.withdraw();
    running_.stop_all(Cause::kCancelled);
}

void JobRun::fail(std::exception_ptr error) noexcept {
    if (!error_) {
        error_ = std::move(error);
    }
    cancel();
}

Task<> JobRun::run() {
    begin_ = parts_.loop.now();
    try {
        co_await feed();
    } catch (const CancelledError&) {
        fail(std::current_exception());
    } catch (...) {
        fail(std::current_exception());
    }
    co_await jobs_.join();
    try {
        co_await select({}, parts_.printer.flush(), until_reader_is_given_up());
    } catch (const std::exception&) {
        fail(std::current_exception());
    }
    if (error_) {
        std::rethrow_exception(error_);
    }
}

Task<> JobRun::until_stopped() {
    co_await stopped_.wait();
}

/// Who is told to stop does not wait for ever for a reader that does not read.
Task<> JobRun::until_reader_is_given_up() {
    co_await cancel_seen_.wait();
    co_await sleep(kReaderLimit);
    parts_.printer.message("aiomisc-run: the output is incomplete: its reader does not read\n");
}

std::optional<std::uint64_t> JobRun::total() const {
    if (input_ended_) {
        return started_;
    }
    const auto counted = parts_.inputs.total();
    const auto known = counted ? counted : parts_.total;
    const std::uint64_t gone = started_ + skipped();
    return known && *known > gone ? *known - skipped()
           : known                ? std::optional(started_)
                                  : std::nullopt;
}

std::optional<std::uint64_t> JobRun::jobs_left() {
    // The end is known only to who looks for it; how many of the rest were done before, too.
    const std::uint64_t enough = parts_.resume != nullptr && parts_.total ? *parts_.total : 1;
    std::uint64_t left = 0;
    try {
        Pull pulled = input_ended_ ? Pull::kEnd : Pull::kItem;
        for (JobInput next; pulled == Pull::kItem && left < enough;) {
            pulled = parts_.inputs.next(next);
            left += pulled == Pull::kItem && is_wanted(next) ? 1 : 0;
        }
        input_ended_ = pulled == Pull::kEnd;
    } catch (const Error&) {
        return std::nullopt;
    }
    if (input_ended_) {
        return left + withdrawn_ + (input_held_ ? 1 : 0);
    }
    const auto all = total();
    return all && *all > started_ ? std::optional(*all - started_) : std::nullopt;
}

bool JobRun::is_wanted(JobInput& input) {
    const Verdict verdict = parts_.resume == nullptr ? Verdict::kRun : parts_.resume->decide(input);
    input.rerun = input.rerun || verdict == Verdict::kRerun;
    return verdict != Verdict::kSkip;
}

Task<std::optional<JobInput>> JobRun::next_input() {
    JobInput input;
    for (;;) {
        switch (parts_.inputs.next(input)) {
            case Pull::kItem:
                if (is_wanted(input)) {
                    co_return input;
                }
                if (skipped() % kSkipsAtOnce == 0) {
                    co_await sleep(Duration::zero());
                }
                if (stopped_.is_set()) {
                    co_return std::nullopt;
                }
                continue;
            case Pull::kEnd:
                input_ended_ = true;
                co_return std::nullopt;
            case Pull::kWait:
                break;
        }
        // A slow input does not keep a run from being stopped, nor one that is collected first.
        if (parts_.inputs.wait_fd() < 0) {
            co_await sleep(Duration::zero());
        } else {
            co_await select({}, readable(parts_.inputs.wait_fd()), until_stopped());
        }
        if (stopped_.is_set()) {
            co_return std::nullopt;
        }
    }
}

Task<> JobRun::until_place_is_free() {
    const auto is_full = [this] {
        return slots_.in_use() >= std::size_t{parts_.slots} * parts_.executor.jobs_a_slot() ||
               parts_.printer.assembler().full();
    };
    while (!stopped_.is_set() && is_full()) {
        changed_.clear();
        co_await changed_.wait();
    }
}

Task<> JobRun::feed() {
    while (!stopped_.is_set()) {
        co_await until_place_is_free();
        if (stopped_.is_set()) {
            co_return;
        }
        std::optional<JobInput> input = co_await next_input();
        if (!input) {
            co_return;
        }
        co_await pass_gate();
        if (stopped_.is_set()) {
            input_held_ = true;
            co_return;
        }
        ++started_;
        jobs_.spawn(run_job(std::move(*input), slots_.take()));
    }
}

Task<> JobRun::pass_gate() {
    if (gate_.exists()) {
        co_await select({}, gate_.pass(), until_stopped());
    }
}

Task<> JobRun::pause(Duration duration) {
    if (duration <= Duration::zero()) {
        co_return;
    }
    try {
        co_await wait_for(until_stopped(), duration);
    } catch (const TimeoutError&) {  // NOLINT(bugprone-empty-catch): the time passed, as it should
    }
}

Task<> JobRun::run_job(JobInput input, unsigned slot) {
    JobSpec last;
    try {
        const JobResult result = co_await run_attempts(input, slot, last);
        if (result.begun) {
            finish(last, result);
        } else {
            withdraw();
            parts_.printer.assembler().finish(input.seq);
        }
    } catch (...) {
        fail(std::current_exception());
        withdraw();  // whatever it did, nobody will know
        parts_.printer.assembler().abandon(input.seq);
    }
    slots_.release(slot);
    changed_.set();
    reread_slots();
}

void JobRun::reread_slots() {
    const std::string& file = parts_.options.run.slots.file;
    if (file.empty()) {
        return;
    }
    if (const auto wanted = read_job_slots(file)) {
        parts_.slots = std::min(wanted->count(usable_cpus(), parts_.most_slots), parts_.most_slots);
        changed_.set();
    }
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds them
Task<JobResult> JobRun::run_attempts(const JobInput& input, unsigned slot, JobSpec& last) {
    const std::shared_ptr<JobRecord> record = begin_record(input);
    for (unsigned attempt = 1;; ++attempt) {
        JobResult result;
        bool planned = true;
        try {
            last = parts_.planner.plan(input, slot, attempt);
        } catch (const Error& error) {
            last = {
                .seq = input.seq,
                .slot = slot,
                .attempt = attempt,
                .items = input.items,
                .text = parts_.planner.text(input, slot),
                .tag = {},
                .rerun = input.rerun};
            result = not_started(error);
            planned = false;
        }
        if (attempt == 1) {
            announce(last);
        }
        if (planned) {
            result = co_await run_once(last, JobOutput(record));
        }
        result.begun = result.begun || attempt > 1;
        if (!result.begun) {
            co_return result;
        }
        last.slot = result.slot != 0 ? result.slot : last.slot;
        // Whether it was the last one is known only when the next could start. One that cannot be
        // planned could not be the next time.
        bool again = false;
        if (planned) {
            again = co_await comes_again(attempt, result);
        }
        record->attempt_ended(last, result, !again);
        if (!again) {
            co_return result;
        }
    }
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds it
Task<bool> JobRun::comes_again(unsigned attempt, const JobResult& result) {
    const RetryPolicy& retry = parts_.options.run.retry;
    if (result.succeeded() || stopped_.is_set() || !retry.allows(attempt, result.cause)) {
        co_return false;
    }
    co_await pause(retry.pause_after(attempt, random_share()));
    co_await pass_gate();
    // A job of a cancelled run was cancelled, whatever it waited for: its next attempt ends before
    // it begins. One of a run that only starts nothing more has had its last.
    co_return cancelled_ || !stopped_.is_set();
}

std::shared_ptr<JobRecord> JobRun::begin_record(const JobInput& input) {
    return std::make_shared<JobRecord>(
        JobRecord::Places{
            .output = parts_.printer.assembler(),
            .results = parts_.results,
            .log = parts_.log,
            .print_file_names = parts_.options.output.print_file_names,
            .on_failure = [this](std::exception_ptr error) { fail(std::move(error)); }},
        input);
}

void JobRun::announce(const JobSpec& job) {
    const ReportOptions& report = parts_.options.report;
    parts_.printer.assembler().begin(
        job.seq, job.tag, report.print_to_stdout ? job.text + "\n" : std::string());
    if (report.print_to_stderr) {
        parts_.printer.message(printable(job.text) + "\n");
    }
}

std::optional<Duration> JobRun::time_limit() const {
    const TimeLimit& limit = parts_.options.run.time_limit;
    if (limit.fixed) {
        return *limit.fixed;
    }
    if (limit.percent_of_median && runtimes_.count() >= kEnoughForMedian) {
        return std::chrono::duration_cast<Duration>(
            *runtimes_.median() * (*limit.percent_of_median / 100));
    }
    return std::nullopt;
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds it
Task<JobResult> JobRun::run_once(const JobSpec& job, JobOutput output) {
    TaskHandle<JobResult> handle = create_task(parts_.executor.run(job, std::move(output)));
    RunningAttempt attempt(parts_.loop, running_, job, handle);
    if (cancelled_) {
        attempt.stop(Cause::kCancelled);
    }
    if (const auto limit = time_limit()) {
        attempt.limit(*limit);
    }
    JobResult result;
    try {
        result = co_await handle;
    } catch (const CancelledError&) {
        // Cancelled before it began.
        result.cause = Cause::kCancelled;
        result.exit_status = -1;
        result.started = std::chrono::system_clock::now();
        result.begun = false;
    }
    if (result.cause == Cause::kCancelled && !cancelled_) {
        result.cause = attempt.stopped_for().value_or(Cause::kCancelled);
        // A limit of its own is its end, wherever it was then.
        result.begun = result.begun || result.cause != Cause::kCancelled;
    }
    co_return result;
}

/// As if it had never been started.
void JobRun::withdraw() noexcept {
    --started_;
    ++withdrawn_;
}

void JobRun::finish(const JobSpec& job, const JobResult& result) {
    ++done_;
    parts_.printer.assembler().finish(job.seq);
    totals_.add(job, result);
    if (result.succeeded()) {
        runtimes_.add(result.runtime);
    }
    const std::optional<std::uint64_t> all = total();
    switch (halt_.on_result(result, {.jobs = all.value_or(started_), .all = all.has_value()})) {
        case HaltRule::When::kNever:
            break;
        case HaltRule::When::kSoon:
            drain();
            break;
        case HaltRule::When::kNow:
            cancel();
            break;
    }
}

}  // namespace aiomisc::cli
