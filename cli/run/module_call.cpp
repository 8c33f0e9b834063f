// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/module_call.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/call/this_task.h>
#include <aiomisc/worker/job/job_module.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>

namespace aiomisc::cli {

namespace {

/// Of the supervisor, and of the workers forked from it. Never unloaded.
std::optional<JobModule>& loaded_module() {
    static auto& module = *new std::optional<JobModule>;
    return module;
}

class CallContext final : public JobContext {
public:
    CallContext(std::uint64_t sequence, std::uint32_t attempt)
        : sequence_(sequence), attempt_(attempt) {}

    // The launcher's bar counts jobs; what one of them has done of its own is not shown yet.
    void progress(double /*fraction*/) override {}

    [[nodiscard]] bool stop_requested() const override { return this_task::stop_requested(); }

    [[nodiscard]] int attempt() const override { return static_cast<int>(attempt_); }

    [[nodiscard]] std::uint64_t sequence() const override { return sequence_; }

private:
    std::uint64_t sequence_;
    std::uint32_t attempt_;
};

void init_worker_once(const job::Job& job) {
    static bool done = false;
    if (!done) {
        job.worker_init();
        done = true;
    }
}

}  // namespace

void load_job_module(const std::string& file) {
    const JobModule& module = loaded_module().emplace(JobModule::load(file));
    if (module.job() != nullptr) {
        module.job()->init();
    }
}

ModuleCallResult run_job_call(const ModuleCallRequest& request) {
    const job::Job& job = *loaded_module()->job();
    for (const auto& [name, value] : request.environment) {
        ::setenv(name.c_str(), value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    std::vector<job::Argument> arguments;
    arguments.reserve(request.arguments.size());
    for (const auto& [parameter, text] : request.arguments) {
        arguments.push_back({static_cast<std::size_t>(parameter), text});
    }
    CallContext context(request.sequence, request.attempt);
    ModuleCallResult result;
    try {
        init_worker_once(job);
        result.status = run_job(job, context, arguments);
    } catch (const CancelledError&) {
        throw;
    } catch (...) {
        result.status = 1;
        result.error = describe_exception(std::current_exception());
    }
    // Output of this job must be in its pipes before the result is.
    std::cout.flush();
    std::cerr.flush();
    std::clog.flush();
    return result;
}

}  // namespace aiomisc::cli
