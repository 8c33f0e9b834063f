// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/child_table.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/hooks.h>
#include <aiomisc/worker/process/leftovers.h>
#include <aiomisc/worker/process/signal_queue.h>
#include <aiomisc/worker/process/spawner.h>

#include <chrono>
#include <optional>
#include <string>

#include <sys/resource.h>

namespace aiomisc::process {

/// How a supervisor ends: of a signal, if there is one, else with a status.
struct Ending {
    int status = 0;
    int signal = 0;
};

/// What a supervisor starts from, after its initializer has run.
struct SupervisorStart {
    ControlChannel control;
    UniqueFd parent;  ///< pidfd
    PoolSetup setup;
    int child_oom_score_adjust = 0;
};

/// The process that forks the workers and commands of a pool, is their only reaper and their only
/// killer.
///
/// One thread, one poll loop: commands from the parent, signals (SIGCHLD above all), and the
/// parent's death.
///
///     running ── Shutdown ──► draining ── grace over ──► terminating ── 250 ms ──┐
///        │                        │ no child left            │ no child left    │
///        │ parent gone, signal    ▼                          ▼                  ▼
///        └───────────────────────────► everything below is killed, reaped; the process ends
///
/// When a worker or a command dies, children that the table does not know are what it left behind,
/// see descendants.h: they are killed before the death is reported, and again as more of them come
/// up, until there are none.
class Supervisor {
public:
    Supervisor(SupervisorStart start, const SupervisorHooks& hooks);

    /// Runs until the end; nothing is left below the process then, or a warning names what is.
    Ending run();

private:
    enum class Phase : std::uint8_t { kRunning, kDraining, kTerminating };

    void wait();
    void handle_signals();
    void receive_commands();
    void handle(Packet packet);

    void perform(const PoolSetup& setup, Packet& packet);
    void perform(const SpawnWorker& request, Packet& packet);
    void perform(const SpawnCommand& request, Packet& packet);
    void perform(const Interrupt& request, Packet& packet);
    void perform(const Kill& request, Packet& packet);
    void perform(const Shutdown& request, Packet& packet);

    template <typename Request>
    void spawn(const Request& request, Packet& packet);

    bool reap();
    void report_exit(pid_t pid, int status, const rusage& usage);
    void warn(std::string text);
    void send(const SupervisorEvent& event);

    void advance_shutdown();
    [[nodiscard]] std::optional<Deadline> next_deadline() const;

    void end_everything();
    void kill_everything();

    ControlChannel control_;
    UniqueFd parent_;
    PoolSetup setup_;
    SignalQueue signals_;
    Spawner spawner_;
    ChildTable children_;
    Leftovers leftovers_;
    Phase phase_ = Phase::kRunning;
    Deadline phase_ends_;
    std::optional<Ending> ending_;
};

}  // namespace aiomisc::process
