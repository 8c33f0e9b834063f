// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/process/control_messages.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace aiomisc {

class EventLoop;

namespace detail {

class SupervisorLink;

}  // namespace detail

/// Runs plain commands as children of a supervisor, which is their only reaper and killer: whatever
/// becomes of this process, none of them outlives it, detached descendants included.
///
/// Lifecycle: construct, start(), spawn() as often as wanted, `co_await stop()`. Destroyed without
/// stop(), it kills everything that is left. A supervisor that dies takes its commands with it; the
/// next spawn() gets another.
///
/// Affinity:  loop.
class CommandGroup {
public:
    /// A command that was ordered. Kept by the group until it ended; a handle may outlive both.
    class Running {
    public:
        /// Waits until the command has ended and what it left behind is gone.
        ///
        /// Cancel:    ends at once; the command goes on.
        /// Errors:    WorkerError (the supervisor died, and the command with it).
        Task<process::Exited> wait();

        /// Whether it has ended.
        [[nodiscard]] bool ended() const noexcept;

        /// Sends a signal to it, to the group it leads, or to all its descendants. A no-op once it
        /// ended.
        void kill(int signal, process::KillScope scope);

        /// Set when it has ended.
        [[nodiscard]] Event& done() noexcept;

        [[nodiscard]] pid_t pid() const noexcept;

    private:
        friend class CommandGroup;
        struct State;

        explicit Running(std::shared_ptr<State> state) : state_(std::move(state)) {}

        std::shared_ptr<State> state_;
    };

    struct Redirections {
        UniqueFd in{};   ///< none: /dev/null
        UniqueFd out{};  ///< none: inherited
        UniqueFd err{};
    };

    CommandGroup(EventLoop& loop, process::PoolSetup setup);
    CommandGroup(const CommandGroup&) = delete;
    CommandGroup& operator=(const CommandGroup&) = delete;
    ~CommandGroup();

    /// Orders a command; it starts as soon as the supervisor reads the order. Its `child` key is
    /// set here. Errors: SystemError, TimeoutError (there is no supervisor, and none can be had).
    [[nodiscard]] Running spawn(process::SpawnCommand command, Redirections redirections);

    /// Learns which commands have ended by now. For who would end one when its time is over: after
    /// a stall of this process the loop comes to its timers first.
    void catch_up();

    /// Ends every command that is left: SIGTERM, then SIGKILL. Bounded.
    Task<> stop();

    [[nodiscard]] pid_t supervisor_pid() const noexcept { return supervisor_pid_; }

private:
    void ensure_supervisor();
    void on_event(process::SupervisorEvent* event);
    void settle(process::ChildKey key, const process::Exited& exited);
    void fail_all(const std::string& reason);

    EventLoop& loop_;
    process::PoolSetup setup_;
    std::unique_ptr<detail::SupervisorLink> supervisor_;
    std::map<std::uint32_t, std::shared_ptr<Running::State>> running_;
    std::uint32_t last_id_ = 0;
    pid_t supervisor_pid_ = 0;
    Event ended_;
};

}  // namespace aiomisc
