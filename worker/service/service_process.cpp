// SPDX-License-Identifier: MIT
#include "service_process.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/worker/process/wait_status.h>
#include <aiomisc/worker/server/process_main.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <sys/wait.h>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

constexpr const char* kLogger = "aiomisc.process";

/// There is one child below each supervisor.
constexpr process::ChildKey kChild{1, 1};

/// A supervisor whose child has ended ends within this time, or is killed.
constexpr milliseconds kSupervisorLimit{1500};
/// What is below a dead supervisor is gone within this time.
constexpr milliseconds kGoneLimit{1000};

}  // namespace

ServiceProcess::ServiceProcess(
    EventLoop& loop,
    process::Zygote& zygote,
    process::PoolSetup setup,
    std::shared_ptr<ProcessServiceStatistic> statistic)
    : loop_(loop), zygote_(zygote), name_(setup.name), statistic_(std::move(statistic)) {
    auto link = process::SupervisorLink::start(zygote, setup);
    supervisor_pid_ = link.pid();
    supervisor_ = std::make_unique<SupervisorLink>(
        loop, std::move(link), [this](process::SupervisorEvent* event) { on_supervisor(event); });
    order();
    statistic_->running = 1;
}

ServiceProcess::~ServiceProcess() {
    abandon();
}

void ServiceProcess::order() {
    auto [ours, theirs] = process::ControlChannel::make_pair();
    channel_.emplace(std::move(ours));
    std::vector<UniqueFd> descriptors;
    descriptors.push_back(std::move(theirs));
    auto [page, file] = process::WorkerPage::create();
    page_ = std::move(page);
    descriptors.push_back(std::move(file));
    channel_watcher_.emplace(loop_, channel_->fd());
    channel_watcher_->start(FdWatcher::kReadable, [this](unsigned) { on_channel(); });
    supervisor_->send(process::SpawnWorker{.child = kChild}, std::move(descriptors));
}

void ServiceProcess::on_channel() noexcept {
    bool at_end = false;
    try {
        while (auto packet = channel_->try_receive()) {
            on_started(std::move(*packet));
        }
        at_end = channel_->closed();
    } catch (const std::exception& error) {
        log::warning(kLogger, "{}: process {}: {}", name_, pid_, error.what());
        at_end = true;
    }
    if (at_end) {
        channel_watcher_->stop();
        gone_ = gone_ || !process_watcher_;
        advance();
    }
}

void ServiceProcess::on_started(process::Packet packet) {
    if (started_ || ended.is_set() ||
        !std::ranges::equal(packet.body, std::array{kProcessStarted})) {
        return;
    }
    started_ = true;
    ++statistic_->started;
    settled.set();
    if (!packet.fds.empty()) {
        watch_process(std::move(packet.fds.front()));
    }
}

void ServiceProcess::watch_process(UniqueFd process) noexcept {
    process_ = std::move(process);
    try {
        process_watcher_.emplace(loop_, process_.get());
        process_watcher_->start(FdWatcher::kReadable, [this](unsigned) { on_process_gone(); });
    } catch (const std::exception& error) {
        // The end of its channel has to do.
        log::warning(kLogger, "{}: process {} cannot be watched: {}", name_, pid_, error.what());
        process_watcher_.reset();
    }
}

void ServiceProcess::on_process_gone() noexcept {
    process_watcher_->stop();
    gone_ = true;
    if (!ended.is_set()) {
        limit_supervisor();  // one that is stopped would never report it
    }
    advance();
}

void ServiceProcess::stop_watching() noexcept {
    channel_watcher_->stop();
    if (process_watcher_) {
        process_watcher_->stop();
    }
}

void ServiceProcess::on_supervisor(process::SupervisorEvent* event) {
    if (event == nullptr) {
        if (!ended.is_set()) {
            end_with(
                "its supervisor " + (supervisor_ending_.empty() ? "is gone" : supervisor_ending_));
        }
        limit_timer_.cancel();
        limit_timer_ = loop_.call_later(kGoneLimit, [this] {
            log::warning(kLogger, "{}: process {} does not die", name_, pid_);
            if (process_watcher_ && !expected_) {
                return;  // its pidfd will tell; until then no other starts
            }
            gone_ = true;
            advance();
        });
        advance();
        return;
    }
    if (const auto* spawned = std::get_if<process::Spawned>(event)) {
        pid_ = spawned->pid;
    } else if (const auto* exited = std::get_if<process::Exited>(event)) {
        on_exit(*exited);
    } else if (const auto* failed = std::get_if<process::SpawnFailed>(event)) {
        end_with(SystemError::from_code(failed->error, failed->operation).what());
    } else if (const auto* refused = std::get_if<process::InitializerFailed>(event)) {
        end_with(refused->type + ": " + refused->message);
    } else if (const auto* stopped = std::get_if<process::Stopped>(event)) {
        log::warning(kLogger, "{}: process {} was stopped ({})", name_, pid_, stopped->signal);
    } else if (const auto* warning = std::get_if<process::Warning>(event)) {
        log::warning(kLogger, "{}: {}", name_, warning->text);
    } else if (const auto* last = std::get_if<process::SupervisorExited>(event)) {
        supervisor_ending_ = process::describe_wait_status(last->wait_status);
    }
}

void ServiceProcess::on_exit(const process::Exited& exited) {
    pid_ = exited.pid;
    wait_status_ = exited.wait_status;
    note_ = page_->crash_note().text();
    end();
}

/// Nobody tells a status.
void ServiceProcess::end_with(std::string failure) {
    note_ = std::move(failure);
    end();
}

void ServiceProcess::end() noexcept {
    if (ended.is_set()) {
        return;
    }
    on_channel();  // it may have said that it started, just before
    ++statistic_->exited;
    statistic_->failed += failed() ? 1 : 0;
    ended.set();
    settled.set();
    supervisor_->send(process::Shutdown{milliseconds(0)});
    limit_supervisor();
}

void ServiceProcess::limit_supervisor() noexcept {
    limit_timer_.cancel();
    limit_timer_ = loop_.call_later(kSupervisorLimit, [this] {
        log::warning(kLogger, "{}: the supervisor does not end, it is killed", name_);
        kill_supervisor();
    });
}

void ServiceProcess::advance() noexcept {
    if (over.is_set() || !supervisor_->closed() || !gone_) {
        return;
    }
    limit_timer_.cancel();
    stop_watching();
    statistic_->running = 0;
    log::info(kLogger, "{}: {}", name_, ending());
    over.set();
}

bool ServiceProcess::failed() const noexcept {
    const bool clean = wait_status_ && WIFEXITED(*wait_status_) && WEXITSTATUS(*wait_status_) == 0;
    return !clean && !expected_;
}

std::string ServiceProcess::ending() const {
    std::string text = pid_ > 0 ? fmt::format("process {} ", pid_) : "the process ";
    text += wait_status_ ? process::describe_wait_status(*wait_status_) : "is gone";
    return note_.empty() ? text : text + ": " + note_;
}

void ServiceProcess::signal(int number) noexcept {
    if (!ended.is_set()) {
        supervisor_->send(process::Kill{kChild, number, process::KillScope::kProcess});
    }
}

void ServiceProcess::kill_supervisor() noexcept {
    if (supervisor_->kill()) {
        return;
    }
    try {
        zygote_.kill_supervisor(supervisor_pid_, kGoneLimit);
    } catch (const std::exception& error) {
        log::error(kLogger, "{}: cannot kill the supervisor: {}", name_, error.what());
    }
}

void ServiceProcess::abandon() noexcept {
    limit_timer_.cancel();
    stop_watching();
    // Its end makes the supervisor kill everything below it.
    supervisor_->close();
    if (over.is_set()) {
        return;  // what is counted as running is the next process
    }
    if (!ended.is_set()) {
        note_ = "it was left behind, and killed";
        ++statistic_->exited;
    }
    gone_ = true;
    statistic_->running = 0;
    for (Event* event : {&settled, &ended, &over}) {
        event->set();
    }
}

}  // namespace aiomisc::detail
