// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/supervisor.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/descendants.h>
#include <aiomisc/worker/process/poll.h>
#include <aiomisc/worker/process/supervisor_process.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kTerminateBound = 250ms;  // between SIGTERM and SIGKILL
constexpr auto kKillBound = 500ms;       // for processes to be gone after SIGKILL
constexpr auto kReportBound = 200ms;     // for the last events to be taken by the parent

std::chrono::microseconds to_duration(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

Supervisor::Supervisor(SupervisorStart start, const SupervisorHooks& hooks)
    : control_(std::move(start.control)),
      parent_(std::move(start.parent)),
      setup_(std::move(start.setup)),
      signals_({SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}),
      spawner_(setup_, hooks, start.child_oom_score_adjust),
      leftovers_(children_, [this](std::string text) { warn(std::move(text)); }) {
    // The initializer may have asked for its children to be reaped by the kernel; then ours would
    // be too.
    ::signal(SIGCHLD, SIG_DFL);
    for (const pid_t pid : own_children().value_or(std::vector<pid_t>())) {
        children_.add({.kind = ChildKind::kHelper, .pid = pid});
    }
}

Ending Supervisor::run() {
    send(Ready{.pid = ::getpid()});
    reap();
    while (!ending_) {
        wait();
        advance_shutdown();
        leftovers_.check();
    }
    end_everything();
    return *ending_;
}

void Supervisor::wait() {
    const short control_events = control_.wants_write() ? POLLIN | POLLOUT : POLLIN;
    std::array entries{
        pollfd{control_.fd(), control_events, 0},
        pollfd{signals_.fd(), POLLIN, 0},
        pollfd{parent_.get(), POLLIN, 0}};
    poll_until(entries, next_deadline());
    control_.flush();
    if (entries[1].revents != 0) {
        handle_signals();
    }
    if (entries[0].revents != 0) {
        receive_commands();
    }
    if (entries[2].revents != 0 || control_.closed()) {
        ending_ = Ending{.status = kSupervisorDone};
    }
}

void Supervisor::handle_signals() {
    bool children_changed = false;
    while (const auto signal = signals_.next()) {
        if (*signal == SIGCHLD) {
            children_changed = true;
        } else {
            ending_ = Ending{.signal = *signal};
        }
    }
    if (children_changed && reap()) {
        leftovers_.kill();
    }
}

void Supervisor::receive_commands() {
    try {
        while (auto packet = control_.try_receive()) {
            handle(std::move(*packet));
        }
    } catch (const ProtocolError& error) {
        warn(std::string("supervisor ends: ") + error.what());
        ending_ = Ending{.status = kSupervisorProtocolError};
    }
}

void Supervisor::handle(Packet packet) {
    std::visit(
        [&](const auto& request) { perform(request, packet); },
        decode_supervisor_command(packet.body));
}

void Supervisor::perform(const PoolSetup&, Packet&) {
    throw ProtocolError("supervisor was set up twice");
}

void Supervisor::perform(const SpawnWorker& request, Packet& packet) {
    spawn(request, packet);
}

void Supervisor::perform(const SpawnCommand& request, Packet& packet) {
    spawn(request, packet);
}

template <typename Request>
void Supervisor::spawn(const Request& request, Packet& packet) {
    try {
        if (phase_ != Phase::kRunning) {
            throw SystemError::from_code(ESHUTDOWN, "fork");
        }
        if (children_.find(request.child) != nullptr) {
            throw SystemError::from_code(EEXIST, "fork");
        }
        Child child = spawner_.spawn(request, packet);
        const pid_t pid = child.pid;
        children_.add(std::move(child));
        send(Spawned{.child = request.child, .pid = pid});
    } catch (const SystemError& error) {
        send(SpawnFailed{
            .child = request.child, .error = error.code(), .operation = error.operation()});
    }
}

void Supervisor::perform(const Interrupt& request, Packet&) {
    if (const Child* child = children_.find(request.child)) {
        ::kill(child->pid, SIGUSR2);
    }
}

void Supervisor::perform(const Kill& request, Packet&) {
    const Child* child = children_.find(request.child);
    if (child == nullptr || request.signal <= 0) {
        return;  // it died while the command was on its way
    }
    if (request.scope == KillScope::kTree) {
        signal_tree(child->pid, request.signal);
    } else if (request.scope == KillScope::kGroup && child->leads_group) {
        // A command that is to lead a session may not have come so far yet.
        if (::kill(-child->pid, request.signal) != 0) {
            ::kill(child->pid, request.signal);
        }
    } else {
        ::kill(child->pid, request.signal);
    }
}

void Supervisor::perform(const Shutdown& request, Packet&) {
    const Deadline ends = Clock::now() + request.grace;
    if (phase_ == Phase::kRunning || (phase_ == Phase::kDraining && ends < phase_ends_)) {
        phase_ = Phase::kDraining;
        phase_ends_ = ends;
    }
}

void Supervisor::advance_shutdown() {
    if (phase_ == Phase::kRunning || ending_) {
        return;
    }
    const bool time_is_up = Clock::now() >= phase_ends_;
    if (children_.requested() == 0 || (phase_ == Phase::kTerminating && time_is_up)) {
        ending_ = Ending{.status = kSupervisorDone};
    } else if (time_is_up) {
        for (const pid_t pid : children_.pids()) {
            const bool group = children_.find_pid(pid)->leads_group;
            for (const int signal : {SIGTERM, SIGCONT}) {  // a stopped process does not see SIGTERM
                ::kill(group ? -pid : pid, signal);
            }
        }
        phase_ = Phase::kTerminating;
        phase_ends_ = Clock::now() + kTerminateBound;
    }
}

std::optional<Deadline> Supervisor::next_deadline() const {
    if (phase_ == Phase::kRunning) {
        return leftovers_.due();
    }
    return std::min(leftovers_.due().value_or(phase_ends_), phase_ends_);
}

// True if any child, known or not, has ended.
bool Supervisor::reap() {
    bool any_ended = false;
    for (;;) {
        int status = 0;
        rusage usage{};
        const pid_t pid = ::wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, &usage);
        if (pid <= 0) {
            return any_ended;
        }
        const Child* child = children_.find_pid(pid);
        const bool requested = child != nullptr && child->kind != ChildKind::kHelper;
        if (WIFSTOPPED(status)) {
            if (requested) {
                send(Stopped{.child = child->key, .signal = WSTOPSIG(status)});
            }
        } else if (WIFCONTINUED(status)) {
            if (requested) {
                send(Continued{.child = child->key});
            }
        } else {
            any_ended = true;
            if (requested) {
                // First of all: who reads the report may rely on it.
                leftovers_.kill();
                report_exit(pid, status, usage);
            } else if (child != nullptr) {
                children_.remove(pid);
            }
        }
    }
}

void Supervisor::report_exit(pid_t pid, int status, const rusage& usage) {
    const Child child = children_.remove(pid);
    send(Exited{
        .child = child.key,
        .pid = pid,
        .wait_status = status,
        .max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024,
        .user_time = to_duration(usage.ru_utime),
        .system_time = to_duration(usage.ru_stime),
        .launch_step = child.launch ? child.launch->step() : LaunchStep::kNone,
        .launch_error = child.launch ? child.launch->error() : 0});
}

void Supervisor::warn(std::string text) {
    send(Warning{.text = std::move(text)});
}

void Supervisor::send(const SupervisorEvent& event) {
    control_.send(encode(event));
}

void Supervisor::kill_everything() {
    const auto children = own_children();
    for (const pid_t pid : children ? *children : children_.pids()) {
        ::kill(pid, SIGKILL);
    }
}

void Supervisor::end_everything() {
    const Deadline deadline = Clock::now() + kKillBound;
    for (;;) {
        kill_everything();
        reap();
        if (!has_children()) {
            break;
        }
        if (Clock::now() >= deadline) {
            warn(describe_survivors(own_children().value_or(children_.pids())));
            break;
        }
        // More come up only when a child of ours dies.
        wait_ready(signals_.fd(), POLLIN, deadline);
        while (signals_.next()) {
        }
    }
    control_.flush_until(Clock::now() + kReportBound);
    if (leftovers_.blind()) {
        // All that can be found without /proc: what stayed in our process group, ourselves
        // included.
        ::kill(0, SIGKILL);
    }
}

}  // namespace aiomisc::process
