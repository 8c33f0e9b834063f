// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/module_executor.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/cli/run/module_call.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/wait_for.h>

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

ModuleCallRequest request_of(const JobSpec& job, const std::string& run_id) {
    ModuleCallRequest request;
    request.sequence = job.seq;
    request.slot = job.slot;
    request.attempt = job.attempt;
    for (const JobArgument& argument : std::get<ModuleCall>(job.work).arguments) {
        request.arguments.emplace_back(argument.parameter, argument.text);
    }
    request.environment = job_environment(job, run_id);
    request.working_directory = job.working_directory;
    return request;
}

/// A call, and what it prints. The pool holds the handler for as long as a worker is at the call,
/// which it may be for a while after the call was cancelled; `over` is set when it lets go.
struct CallWatch {
    JobOutput output;
    std::exception_ptr error{};  ///< of taking the output
    Event over{};
    bool abandoned = false;  ///< nobody takes the output any more
};

std::shared_ptr<const OutputHandler> output_handler(const std::shared_ptr<CallWatch>& watch) {
    const std::shared_ptr<void> release(nullptr, [watch](void*) { watch->over.set(); });
    return std::make_shared<const OutputHandler>(
        [watch = watch.get(), release](bool is_stderr, std::span<const std::byte> bytes) {
            if (watch->abandoned) {
                return;
            }
            try {
                watch->output.write(
                    is_stderr ? OutputStream::kErr : OutputStream::kOut,
                    std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
            } catch (...) {
                // Told to whoever runs the job; the pool has nobody to throw to.
                watch->error = std::current_exception();
            }
        });
}

/// False if it is not over in time.
Task<bool> until_over(std::shared_ptr<CallWatch> watch, Duration limit) {
    try {
        co_await wait_for(watch->over.wait(), limit);
        co_return true;
    } catch (const TimeoutError&) {
        watch->abandoned = true;
        co_return false;
    }
}

void describe_return(const ModuleCallResult& returned, JobResult& result) {
    if (!returned.started) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = returned.error;
        return;
    }
    result.exit_status = returned.status;
    result.error = returned.error;
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

void describe_stop(const JobBoard::Place& place, JobResult& result) {
    result.cause = Cause::kCancelled;
    result.exit_status = -1;
    // It stopped when it was asked to, or had not begun, or was killed.
    result.signal = place.pid() == 0 || place.ended() ? 0 : SIGKILL;
}

}  // namespace

ModuleExecutor::ModuleExecutor(
    EventLoop& loop,
    const std::string& module,
    unsigned slots,
    const RunOptions& options,
    std::string run_id)
    : loop_(loop),
      run_id_(std::move(run_id)),
      grace_(time_before_kill(options.kill_ladder)),
      board_(JobBoard::create(slots)),
      pool_(loop, pool_options(module, board_.path(), slots, options)) {}

Task<> ModuleExecutor::start() {
    return pool_.start();
}

Task<> ModuleExecutor::stop() {
    return pool_.close();
}

Task<JobResult> ModuleExecutor::run(JobSpec job, JobOutput output) {
    JobResult result;
    result.started = std::chrono::system_clock::now();
    const TimePoint begin = loop_.now();
    const auto watch = std::make_shared<CallWatch>(output);
    CallOptions options;
    options.attempt = job.attempt;
    options.on_output = output_handler(watch);
    options.output_when_cancelled = true;
    JobBoard::Place& place = board_.place(job.slot);
    place.clear();
    bool cancelled = false;
    try {
        describe_return(
            co_await pool_.create_task_with<run_job_call>(options, request_of(job, run_id_)),
            result);
    } catch (const CancelledError&) {
        cancelled = true;
    } catch (const WorkerDied& death) {
        describe_death(death, result);
    } catch (const PoolBroken&) {
        throw;  // no job can be run any more
    } catch (const std::exception& error) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = error.what();
    }
    if (cancelled) {
        // Until its worker is done with it, it may not be run again, nor its slot be used.
        options.on_output.reset();
        const bool over = co_await shield(until_over(watch, grace_ + kKillBound));
        describe_stop(place, result);
        if (!over) {
            result.error = kSurvives;
        }
    }
    result.pid = place.pid();
    place.clear();
    if (watch->error) {
        std::rethrow_exception(watch->error);
    }
    result.runtime = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - begin);
    co_return result;
}

}  // namespace aiomisc::cli
