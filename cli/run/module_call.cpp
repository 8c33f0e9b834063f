// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/module_call.h>

#include <aiomisc/cli/run/job_board.h>
#include <aiomisc/cli/run/process_usage.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/call/this_task.h>
#include <aiomisc/worker/job/job_module.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <typeinfo>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

/// What the supervisor has loaded, and the workers forked from it have with it. Never unloaded.
struct Loaded {
    JobModule module;
    JobBoard board;
};

std::optional<Loaded>& loaded() {
    static auto& instance = *new std::optional<Loaded>;
    return instance;
}

class CallContext final : public JobContext {
public:
    CallContext(const ModuleCallRequest& request, JobBoard::Place& place)
        : request_(request), place_(place) {}

    void progress(double fraction) override { place_.set_progress(fraction); }

    [[nodiscard]] bool stop_requested() const override { return this_task::stop_requested(); }

    [[nodiscard]] int attempt() const override { return static_cast<int>(request_.attempt); }

    [[nodiscard]] std::uint64_t sequence() const override { return request_.sequence; }

private:
    const ModuleCallRequest& request_;
    JobBoard::Place& place_;
};

/// Tells the launcher that a job is in its place.
class Presence {
public:
    explicit Presence(JobBoard::Place& place) noexcept : place_(place) {
        place_.begin(::getpid(), this_task::worker_id());
    }

    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    ~Presence() { place_.end(); }

private:
    JobBoard::Place& place_;
};

void init_worker_once(const job::Job& job) {
    static bool done = false;
    if (!done) {
        job.worker_init();
        done = true;
    }
}

/// The text of what a job threw, for people: that something is a std::runtime_error tells them
/// nothing.
std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::runtime_error& plain) {
        if (typeid(plain) == typeid(std::runtime_error)) {
            return plain.what();
        }
    } catch (...) {
        return describe_exception(error);
    }
    return describe_exception(error);
}

void replace_environment(const std::vector<std::string>& entries) {
    ::clearenv();  // NOLINT(concurrency-mt-unsafe): one thread
    for (const std::string& entry : entries) {
        const std::size_t equals = entry.find('=');
        // NOLINTNEXTLINE(concurrency-mt-unsafe)
        ::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
    }
}

/// Runs a job in another folder, and comes back.
class Excursion {
public:
    /// Errors:    SystemError (there is no such folder, or it cannot be entered).
    explicit Excursion(const std::string& directory) {
        if (directory.empty()) {
            return;
        }
        home_.reset(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!home_ || ::chdir(directory.c_str()) != 0) {
            throw SystemError::from_errno("cannot enter its folder", directory);
        }
    }

    Excursion(const Excursion&) = delete;
    Excursion& operator=(const Excursion&) = delete;

    ~Excursion() {
        if (home_) {
            [[maybe_unused]] const int back = ::fchdir(home_.get());
        }
    }

private:
    UniqueFd home_;
};

void perform(
    const job::Job& job,
    JobContext& context,
    const ModuleCallRequest& request,
    ModuleCallResult& result) {
    std::vector<job::Argument> arguments;
    arguments.reserve(request.arguments.size());
    for (const auto& [parameter, text] : request.arguments) {
        arguments.push_back({static_cast<std::size_t>(parameter), text});
    }
    try {
        init_worker_once(job);
        result.status = run_job(job, context, arguments);
    } catch (const CancelledError&) {
        throw;
    } catch (...) {
        result.status = 1;
        result.error = text_of(std::current_exception());
    }
}

/// Most variables are the same for all jobs of a worker: only others are set anew.
void set_environment(const ModuleCallRequest& request) {
    static auto& known = *new std::map<std::string, std::string, std::less<>>;
    const std::string own = std::to_string(this_task::worker_id());
    for (const auto& [name, value] : request.environment) {
        const bool is_slot = name == "AIOMISC_SLOT" || name == "PARALLEL_JOBSLOT";
        const std::string& wanted = is_slot && request.slot == 0 ? own : value;
        std::string& set = known[name];
        if (set != wanted) {
            set = wanted;
            ::setenv(name.c_str(), wanted.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
        }
    }
}

}  // namespace

void load_job_module(const ModuleSetup& setup) {
    if (setup.clean_environment) {
        replace_environment(setup.environment);
    }
    const Loaded& instance =
        loaded().emplace(Loaded{JobModule::load(setup.file), JobBoard::open(setup.board)});
    if (instance.module.job() != nullptr) {
        instance.module.job()->init();
    }
}

ModuleCallResult run_job_call(const ModuleCallRequest& request) {
    const Loaded& instance = *loaded();
    set_environment(request);
    JobBoard::Place& place = instance.board.place(request.place);
    const auto begin = std::chrono::steady_clock::now();
    const Presence presence(place);
    CallContext context(request, place);
    ModuleCallResult result;
    std::optional<Excursion> excursion;
    try {
        excursion.emplace(request.working_directory);
    } catch (const SystemError& error) {
        result.started = false;
        result.error = error.what();
        return result;
    }
    const UsageMeter meter;
    perform(*instance.module.job(), context, request, result);
    result.stopped = context.stop_requested();
    const ResourceUsage usage = meter.usage();
    result.user = usage.user;
    result.system = usage.system;
    result.max_rss_kib = usage.max_rss_kib;
    // Output of this job must be in its pipes before the result is.
    std::cout.flush();
    std::cerr.flush();
    std::clog.flush();
    result.runtime = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    return result;
}

}  // namespace aiomisc::cli
