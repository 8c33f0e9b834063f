// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/module_executor.h>

#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/cli/run/module_call.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>

#include <csignal>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

namespace {

WorkerPoolOptions pool_options(
    const std::string& module, unsigned slots, const RunOptions& options) {
    WorkerPoolOptions pool;
    pool.workers = slots;
    pool.name = "jobs";
    pool.capture_output = true;
    pool.initializer = initialize_with<load_job_module>(module);
    pool.recycle_after_calls = options.worker_tasks;
    pool.recycle_above_rss_bytes = options.worker_rss;
    pool.limits.core = 0;
    pool.start_timeout = std::chrono::hours(1);  // an init() may load a model
    std::chrono::milliseconds grace{0};
    for (const KillStep& step : options.kill_ladder) {
        grace += step.wait;
    }
    pool.cancel_grace = grace;
    return pool;
}

ModuleCallRequest request_of(const JobSpec& job, const std::string& run_id) {
    ModuleCallRequest request;
    request.sequence = job.seq;
    request.attempt = job.attempt;
    for (const JobArgument& argument : std::get<ModuleCall>(job.work).arguments) {
        request.arguments.emplace_back(argument.parameter, argument.text);
    }
    request.environment = job_environment(job, run_id);
    return request;
}

void describe_death(const WorkerDied& death, JobResult& result) {
    result.pid = death.pid();
    result.signal = death.signal();
    if (death.signal() != 0) {
        result.cause = Cause::kSignal;
        result.exit_status = -1;
        result.error = death.details().note;
    } else {
        result.cause = Cause::kExit;
        result.exit_status = death.status();
        result.error = death.what();
        if (death.status() == 0) {
            result.error.clear();  // it called exit(0), which is its right
        }
    }
}

}  // namespace

ModuleExecutor::ModuleExecutor(
    EventLoop& loop,
    const std::string& module,
    unsigned slots,
    const RunOptions& options,
    std::string run_id)
    : loop_(loop), run_id_(std::move(run_id)), pool_(loop, pool_options(module, slots, options)) {}

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
    std::exception_ptr output_error;
    CallOptions options;
    options.attempt = job.attempt;
    options.on_output = std::make_shared<const OutputHandler>(
        [&output, &output_error](bool is_stderr, std::span<const std::byte> bytes) {
            try {
                output.write(
                    is_stderr ? OutputStream::kErr : OutputStream::kOut,
                    std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
            } catch (...) {
                output_error = std::current_exception();
            }
        });
    try {
        const ModuleCallResult returned =
            co_await pool_.create_task_with<run_job_call>(options, request_of(job, run_id_));
        result.exit_status = returned.status;
        result.error = returned.error;
    } catch (const CancelledError&) {
        result.cause = Cause::kCancelled;
        result.exit_status = -1;
        result.signal = SIGTERM;
    } catch (const WorkerDied& death) {
        describe_death(death, result);
    } catch (const std::exception& error) {
        result.cause = Cause::kLaunch;
        result.exit_status = -1;
        result.error = error.what();
    }
    if (output_error) {
        std::rethrow_exception(output_error);
    }
    result.runtime = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - begin);
    co_return result;
}

}  // namespace aiomisc::cli
