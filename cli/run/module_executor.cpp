// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/module_executor.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/cli/run/jobs_ahead.h>
#include <aiomisc/cli/run/module_call.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

namespace {

/// A job function is asked to stop, through its context, instead of being signalled: any signal
/// that it does not handle would end its worker. It has as long for that as a command has until its
/// SIGKILL.
std::chrono::milliseconds time_before_kill(const KillLadder& ladder) {
    std::chrono::milliseconds time{0};
    for (const KillStep& step : ladder) {
        if (step.signal == SIGKILL) {
            break;
        }
        time += step.wait;
    }
    return time;
}

WorkerPoolOptions pool_options(
    const std::string& module,
    const std::string& board,
    unsigned slots,
    const RunOptions& options) {
    WorkerPoolOptions pool;
    pool.workers = slots;
    pool.name = "aiomisc-run";
    pool.capture_output = true;
    const EnvironmentRule& environment = options.environment;
    pool.initializer = initialize_with<load_job_module>(ModuleSetup{
        .file = module,
        .board = board,
        .clean_environment = environment.clean,
        .environment =
            environment.clean ? inherited_environment(environment) : std::vector<std::string>()});
    pool.nice = options.nice;
    if (options.memory_limit.address_space > 0) {
        pool.limits.address_space = options.memory_limit.address_space;
    }
    pool.recycle_after_calls = options.worker_tasks;
    pool.recycle_above_rss_bytes = options.worker_rss;
    pool.limits.core = 0;
    pool.start_timeout = std::chrono::hours(1);  // an init() may load a model
    pool.cancel_grace = time_before_kill(options.kill_ladder);
    return pool;
}

ModuleCallRequest request_of(const JobSpec& job, const std::string& run_id, bool ahead) {
    ModuleCallRequest request;
    request.sequence = job.seq;
    request.place = job.slot;
    request.slot = ahead ? 0 : job.slot;
    request.attempt = job.attempt;
    for (const JobArgument& argument : std::get<ModuleCall>(job.work).arguments) {
        request.arguments.emplace_back(argument.parameter, argument.text);
    }
    request.environment = job_environment(job, run_id);
    request.working_directory = job.working_directory;
    return request;
}

using Call = TaskHandle<ModuleCallResult>;

/// What a call prints.
struct CallOutput {
    JobOutput output;
    std::exception_ptr error{};  ///< of taking it
};

std::shared_ptr<const OutputHandler> output_handler(const std::shared_ptr<CallOutput>& call) {
    return std::make_shared<const OutputHandler>(
        [call](bool is_stderr, std::span<const std::byte> bytes) {
            try {
                call->output.write(
                    is_stderr ? OutputStream::kErr : OutputStream::kOut,
                    std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
            } catch (...) {
                // Told to whoever runs the job; the pool has nobody to throw to.
                call->error = std::current_exception();
            }
        });
}

/// False if it is not over in time.
Task<bool> until_over(std::shared_ptr<Call> call, Duration limit) {
    const auto over = std::make_shared<Event>();
    call->add_done_callback([over] { over->set(); });
    try {
        co_await wait_for(over->wait(), limit);
    } catch (const TimeoutError&) {  // NOLINT(bugprone-empty-catch): the time passed
    }
    co_return call->done();
}

void describe_return(const ModuleCallResult& returned, JobResult& result) {
    if (!returned.started) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = returned.error;
        return;
    }
    if (returned.stopped) {
        result.cause = Cause::kCancelled;
        result.exit_status = -1;
    } else {
        result.exit_status = returned.status;
        result.error = returned.error;
    }
    result.runtime = std::max(returned.runtime, std::chrono::microseconds(1));
    result.usage = {returned.user, returned.system, returned.max_rss_kib};
}

void describe_death(const WorkerDied& death, JobResult& result) {
    const WorkerDied::Details& details = death.details();
    if (details.signal == 0 && details.status >= 0) {
        result.exit_status = details.status;  // exit(0) is a job's right, too
        result.error = details.status == 0 ? "" : "called exit()";
        return;
    }
    result.cause = Cause::kSignal;
    result.exit_status = -1;
    // A supervisor that dies takes its workers with it, and cannot tell how they ended.
    result.signal = details.signal != 0 ? details.signal : SIGKILL;
    result.error = details.note.empty() ? details.reason : details.note;
    if (details.oom_suspected) {
        result.error = "memory ran out";
    }
}

/// It stopped when it was asked to, or had not begun.
void describe_stop(const JobBoard::Place& place, JobResult& result) {
    result.cause = Cause::kCancelled;
    result.exit_status = -1;
    result.begun = place.pid() != 0;
}

/// It was asked to stop, and did not return, or could not tell what.
void describe_loss(const JobBoard::Place& place, const std::string& why, JobResult& result) {
    describe_stop(place, result);
    if (place.ended()) {
        result.error = "it ended, but its result is lost";
    } else if (result.begun) {
        result.signal = SIGKILL;
        result.error = why;
    }
}

/// Its worker died after it was asked to stop.
void describe_stopped_death(
    const JobBoard::Place& place, const WorkerDied& death, JobResult& result) {
    const WorkerDied::Details& details = death.details();
    if (details.signal != 0 && details.signal != SIGKILL) {
        describe_death(death, result);  // of its own doing
    } else if (details.signal == 0 && details.status >= 0) {
        describe_stop(place, result);
    } else {
        describe_loss(place, "", result);
    }
}

/// By whom and when it was run; of one that did not return, until now.
void describe_place(const JobBoard::Place& place, JobResult& result) {
    result.pid = place.pid();
    result.started = place.begun_at();
    if (result.runtime == std::chrono::microseconds(0)) {
        result.runtime = std::max(
            std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::system_clock::now() - result.started),
            std::chrono::microseconds(0));
    }
}

/// Jobs shorter than this are worth being handed out several at a time.
constexpr std::chrono::duration<double> kShort = std::chrono::microseconds(500);

}  // namespace

ModuleExecutor::ModuleExecutor(
    EventLoop& loop,
    const std::string& module,
    unsigned slots,
    const Options& options,
    std::string run_id)
    : run_id_(std::move(run_id)),
      runs_ahead_(may_run_ahead(options)),
      grace_(time_before_kill(options.run.kill_ladder)),
      board_(JobBoard::create(slots * (runs_ahead_ ? kJobsTogether : 1))),
      pool_(loop, pool_options(module, board_.path(), slots, options.run)) {}

Task<> ModuleExecutor::start() {
    return pool_.start();
}

Task<> ModuleExecutor::stop() {
    return pool_.close();
}

void ModuleExecutor::withdraw() {
    pool_.cancel_waiting();
}

unsigned ModuleExecutor::jobs_a_slot() const {
    return runs_ahead_ && average_runtime_ < kShort ? kJobsTogether : 1;
}

void ModuleExecutor::measure(std::chrono::microseconds runtime) {
    average_runtime_ = average_runtime_ * 0.9 + std::chrono::duration<double>(runtime) * 0.1;
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds them

Task<> ModuleExecutor::follow(
    std::shared_ptr<Call> call, const JobBoard::Place& place, JobResult& result) {
    try {
        describe_return(co_await shield(*call), result);
        measure(result.runtime);
        co_return;
    } catch (const CancelledError&) {  // NOLINT(bugprone-empty-catch): comes next
    }
    // It may have ended by itself before, and its answer be on the way. Until its worker is done
    // with it, it may not be run again, nor its slot be used.
    call->cancel();
    if (!call->done() && !co_await shield(until_over(call, grace_ + kKillBound))) {
        describe_loss(place, kSurvives, result);
        co_return;
    }
    try {
        describe_return(call->result(), result);
    } catch (const CancelledError&) {
        describe_stop(place, result);
    } catch (const WorkerDied& death) {
        describe_stopped_death(place, death, result);
    } catch (const std::exception& error) {
        describe_loss(place, error.what(), result);
    }
}

Task<> ModuleExecutor::call(
    const JobSpec& job,
    const CallOptions& options,
    const JobBoard::Place& place,
    JobResult& result) {
    try {
        co_await follow(
            std::make_shared<Call>(pool_.create_task_with<run_job_call>(
                options, request_of(job, run_id_, runs_ahead_))),
            place,
            result);
    } catch (const WorkerDied& death) {
        describe_death(death, result);
    } catch (const PoolBroken&) {
        throw;  // no job can be run any more
    } catch (const std::exception& error) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = error.what();
    }
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

Task<JobResult> ModuleExecutor::run(JobSpec job, JobOutput output) {
    JobResult result;
    result.started = std::chrono::system_clock::now();
    const auto printed = std::make_shared<CallOutput>(output);
    JobBoard::Place& place = board_.place(job.slot);
    place.clear();
    CallOptions options;
    options.attempt = job.attempt;
    options.on_output = output_handler(printed);
    options.wait_when_cancelled = true;
    co_await call(job, options, place, result);
    if (place.pid() != 0) {
        describe_place(place, result);
        result.slot = runs_ahead_ ? place.worker() : job.slot;
    }
    place.clear();
    if (printed->error) {
        std::rethrow_exception(printed->error);
    }
    co_return result;
}

}  // namespace aiomisc::cli
