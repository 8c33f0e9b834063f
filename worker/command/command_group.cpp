// SPDX-License-Identifier: MIT
#include <aiomisc/worker/command/command_group.h>

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/worker/pool/supervisor_link.h>
#include <aiomisc/worker/pool/worker_hooks.h>
#include <aiomisc/worker/process/zygote.h>

#include <chrono>
#include <utility>
#include <vector>

namespace aiomisc {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStopLimit{1500};

}  // namespace

struct CommandGroup::Running::State {
    process::ChildKey key;
    detail::SupervisorLink* supervisor = nullptr;  // null once it ended
    pid_t pid = 0;
    std::optional<process::Exited> exited;
    std::string failure;
    Event done;
};

Task<process::Exited> CommandGroup::Running::wait() {
    const auto state = state_;
    co_await state->done.wait();
    if (!state->exited) {
        throw WorkerError(state->failure);
    }
    co_return *state->exited;
}

bool CommandGroup::Running::ended() const noexcept {
    return state_->done.is_set();
}

Event& CommandGroup::Running::done() noexcept {
    return state_->done;
}

pid_t CommandGroup::Running::pid() const noexcept {
    return state_->pid;
}

void CommandGroup::Running::kill(int signal, process::KillScope scope) {
    if (state_->supervisor != nullptr) {
        state_->supervisor->send(process::Kill{state_->key, signal, scope});
    }
}

CommandGroup::CommandGroup(EventLoop& loop, process::PoolSetup setup)
    : loop_(loop), setup_(std::move(setup)) {}

CommandGroup::~CommandGroup() {
    fail_all("its group of commands is gone");
}

void CommandGroup::ensure_supervisor() {
    if (supervisor_ && !supervisor_->closed()) {
        return;
    }
    process::SupervisorLink link =
        process::SupervisorLink::start(process::Zygote::ensure(detail::worker_hooks()), setup_);
    supervisor_pid_ = link.pid();
    supervisor_ = std::make_unique<detail::SupervisorLink>(
        loop_, std::move(link), [this](process::SupervisorEvent* event) { on_event(event); });
}

CommandGroup::Running CommandGroup::spawn(
    process::SpawnCommand command, Redirections redirections) {
    ensure_supervisor();
    command.child = {++last_id_, 1};
    command.has_stdin = static_cast<bool>(redirections.in);
    command.has_stdout = static_cast<bool>(redirections.out);
    command.has_stderr = static_cast<bool>(redirections.err);
    std::vector<UniqueFd> descriptors;
    for (UniqueFd* redirection : {&redirections.in, &redirections.out, &redirections.err}) {
        if (*redirection) {
            descriptors.push_back(std::move(*redirection));
        }
    }
    auto state = std::make_shared<Running::State>();
    state->key = command.child;
    state->supervisor = supervisor_.get();
    running_.emplace(command.child.id, state);
    supervisor_->send(command, std::move(descriptors));
    return Running(std::move(state));
}

void CommandGroup::catch_up() {
    if (supervisor_) {
        supervisor_->catch_up();
    }
}

void CommandGroup::on_event(process::SupervisorEvent* event) {
    if (event == nullptr) {
        fail_all("the supervisor of the command died, and the command with it");
        return;
    }
    if (const auto* spawned = std::get_if<process::Spawned>(event)) {
        if (const auto found = running_.find(spawned->child.id); found != running_.end()) {
            found->second->pid = spawned->pid;
        }
    } else if (const auto* exited = std::get_if<process::Exited>(event)) {
        settle(exited->child, *exited);
    } else if (const auto* failed = std::get_if<process::SpawnFailed>(event)) {
        process::Exited exit;
        exit.child = failed->child;
        exit.wait_status = 126 << 8;
        exit.launch_step = process::LaunchStep::kExecute;
        exit.launch_error = failed->error;
        settle(failed->child, exit);
    } else if (const auto* warning = std::get_if<process::Warning>(event)) {
        log::warning("aiomisc.command", "{}", warning->text);
    }
}

void CommandGroup::settle(process::ChildKey key, const process::Exited& exited) {
    const auto found = running_.find(key.id);
    if (found == running_.end()) {
        return;
    }
    const auto state = std::move(found->second);
    running_.erase(found);
    state->supervisor = nullptr;
    state->exited = exited;
    state->done.set();
}

void CommandGroup::fail_all(const std::string& reason) {
    for (auto& [id, state] : std::exchange(running_, {})) {
        state->supervisor = nullptr;
        state->failure = reason;
        state->done.set();
    }
    ended_.set();
}

Task<> CommandGroup::stop() {
    if (!supervisor_ || supervisor_->closed()) {
        co_return;
    }
    ended_.clear();
    supervisor_->send(process::Shutdown{milliseconds(0)});
    try {
        co_await wait_for(ended_.wait(), kStopLimit);
    } catch (const TimeoutError&) {
        log::error("aiomisc.command", "supervisor {} does not end: it is killed", supervisor_pid_);
    }
    supervisor_.reset();
}

}  // namespace aiomisc
