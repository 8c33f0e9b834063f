// SPDX-License-Identifier: MIT
#include <aiomisc/worker/service/process_service.h>

#include "service_process.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/worker/pool/worker_hooks.h>
#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/zygote.h>
#include <aiomisc/worker/registry/registry.h>
#include <aiomisc/worker/server/process_main.h>

#include <csignal>
#include <utility>

#include <fmt/format.h>

namespace aiomisc {

namespace {

using std::chrono::milliseconds;

constexpr const char* kLogger = "aiomisc.process";

/// After SIGKILL, and once more after the supervisor was killed as well.
constexpr milliseconds kKillLimit{1000};

/// While a snapshot is forked, and for good in the snapshot: the service it is for.
thread_local ProcessService* snapshot_of = nullptr;

int run_snapshot(process::WorkerStart start) {
    ProcessService& service = *snapshot_of;
    return detail::run_process_main(start, [&service] {
        detail::process_started();
        service.in_process();
    });
}

process::SupervisorHooks snapshot_hooks() noexcept {
    process::SupervisorHooks hooks = detail::worker_hooks();
    hooks.run_worker = &run_snapshot;
    return hooks;
}

Task<bool> set_within(Event* event, Duration time) {
    if (event->is_set()) {
        co_return true;
    }
    try {
        co_await wait_for(event->wait(), time);
    } catch (const TimeoutError&) {
        co_return event->is_set();
    }
    co_return true;
}

}  // namespace

struct ProcessService::State {
    ProcessServiceOptions options;
    std::unique_ptr<process::Zygote> snapshot;
    std::shared_ptr<detail::ServiceProcess> process;
    std::shared_ptr<ProcessServiceStatistic> statistic;
    Event stop_requested;
};

ProcessService::ProcessService(ProcessServiceOptions options) : state_(new State) {
    state_->options = std::move(options);
}

ProcessService::~ProcessService() {
    if (state_->process) {
        state_->process->abandon();
    }
}

std::string ProcessService::name() const {
    return state_->options.name.empty() ? Service::name() : state_->options.name;
}

void ProcessService::prepare() {
    if (process_main()) {
        process::Zygote::ensure(detail::worker_hooks());
        return;
    }
    auto snapshot =
        std::make_unique<process::Zygote>(snapshot_hooks(), process::Zygote::OnLoss::kFail);
    snapshot_of = this;
    process::Zygote::Start start;
    try {
        start = snapshot->start();
    } catch (...) {
        snapshot_of = nullptr;
        throw;
    }
    snapshot_of = nullptr;
    if (start.other_threads > 0) {
        log::warning(
            kLogger,
            "{}: its process is forked from this one as it is now, with {} other threads: "
            "construct "
            "the Entrypoint before threads",
            name(),
            start.other_threads);
    }
    // An older one is what the program was at an earlier Entrypoint.
    state_->snapshot = std::move(snapshot);
}

pid_t ProcessService::pid() const noexcept {
    return state_->process ? state_->process->pid() : 0;
}

bool ProcessService::stopping() const noexcept {
    return state_->stop_requested.is_set();
}

Task<bool> ProcessService::stopped_within(Duration time) {
    return set_within(&state_->stop_requested, time);
}

void ProcessService::order_process() {
    const auto main = process_main();
    if (!main && !state_->snapshot) {
        if (process::thread_count() > 1) {
            throw InvalidStateError(
                name() +
                ": a process cannot be forked from this program any more, it has threads. Give the "
                "service to the constructor of the Entrypoint, or derive it from "
                "ProcessServiceWith, whose settings are sent to the process");
        }
        prepare();
    }
    if (!state_->statistic) {
        const std::string& given = state_->options.statistic_name;
        state_->statistic =
            std::make_shared<ProcessServiceStatistic>(given.empty() ? name() : given);
    }
    process::PoolSetup setup;
    setup.name = name();
    setup.log_level = log::level_name(log::level());
    setup.log_format = log::format_name(log::format());
    setup.log_date_format = log::date_format();
    setup.limits = state_->options.limits;
    setup.nice = state_->options.nice;
    // A part of the program, not a worker that can be replaced.
    setup.worker_oom_score_adjust = 0;
    setup.supervisor_oom_score_adjust = 0;
    if (main) {
        const detail::FunctionKey key = detail::key_of(main->thunk());
        setup.initializer = process::FunctionId{key.module, key.offset};
        setup.initializer_use = process::InitializerUse::kMain;
        setup.initializer_path = detail::path_of_module(key.module);
        setup.initializer_argument.assign(main->arguments().begin(), main->arguments().end());
    }
    process::Zygote& zygote =
        main ? process::Zygote::ensure(detail::worker_hooks()) : *state_->snapshot;
    state_->process = std::make_shared<detail::ServiceProcess>(
        loop(), zygote, std::move(setup), state_->statistic);
}

Task<bool> ProcessService::open() {
    if (state_->process && !state_->process->over.is_set()) {
        throw InvalidStateError(name() + ": its process runs already");
    }
    order_process();
    const auto process = state_->process;
    co_await process->settled.wait();
    co_return process->started();
}

Task<ProcessService::Ending> ProcessService::wait_for_end() {
    const auto process = state_->process;
    co_await process->over.wait();
    co_return Ending{process->failed(), process->ending()};
}

void ProcessService::begin() noexcept {
    state_->stop_requested.clear();
}

Task<> ProcessService::start() {
    begin();
    const bool started = co_await open();
    if (started) {
        start_event().set();
    }
    const Ending ending = co_await wait_for_end();
    if (stopping()) {
        co_return;
    }
    if (!started) {
        throw WorkerError(name() + ": did not start: " + ending.text);
    }
    if (ending.failed) {
        throw WorkerError(name() + ": " + ending.text);
    }
}

Task<> ProcessService::stop(std::exception_ptr) {
    state_->stop_requested.set();
    const auto process = state_->process;
    if (!process || process->over.is_set()) {
        co_return;
    }

    // However this ends, nothing of the process is left.
    struct Abandon {
        detail::ServiceProcess& process;

        explicit Abandon(detail::ServiceProcess& one) noexcept : process(one) {}

        Abandon(const Abandon&) = delete;
        Abandon& operator=(const Abandon&) = delete;

        ~Abandon() {
            if (!process.over.is_set()) {
                process.abandon();
            }
        }
    };

    const Abandon abandon(*process);
    process->expect_end();
    process->signal(SIGINT);
    if (!co_await set_within(&process->ended, state_->options.process_stop_timeout)) {
        log::warning(
            kLogger,
            "{}: process {} did not end within {} ms after SIGINT, it is killed",
            name(),
            process->pid(),
            state_->options.process_stop_timeout.count());
        ++state_->statistic->killed;
        process->signal(SIGKILL);
    }
    if (co_await set_within(&process->over, kKillLimit)) {
        co_return;
    }
    log::warning(kLogger, "{}: the supervisor does not end, it is killed", name());
    process->kill_supervisor();
    if (!co_await set_within(&process->over, kKillLimit)) {
        log::error(kLogger, "{}: the process survived being killed", name());
    }
}

}  // namespace aiomisc
