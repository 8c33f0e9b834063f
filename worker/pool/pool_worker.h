// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/call_handle.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/pool/output_pipe.h>
#include <aiomisc/worker/pool/worker_link.h>
#include <aiomisc/worker/process/control_messages.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace aiomisc::detail {

class PoolWorker;

/// What a pool hears of its workers.
class PoolWorkerListener {
public:
    PoolWorkerListener(const PoolWorkerListener&) = delete;
    PoolWorkerListener& operator=(const PoolWorkerListener&) = delete;

    virtual void on_reply(PoolWorker& worker, Work& work, const Reply& reply) noexcept = 0;

    /// The worker gave these back without having begun them.
    virtual void on_returned(PoolWorker& worker, const std::vector<Work*>& works) noexcept = 0;

    /// Nothing more will come from it, and nothing that is sent reaches it; how its process ends is
    /// not known yet.
    virtual void on_channel_end(PoolWorker& worker) noexcept = 0;

    /// The process has ended, and nothing of what it sent is left unread. The worker is of no use
    /// any more.
    virtual void on_gone(PoolWorker& worker) noexcept = 0;

    /// The pool is to kill the process.
    virtual void kill(PoolWorker& worker, std::string reason) noexcept = 0;

    /// Captured output, with the work that wrote it; null: nothing was running.
    virtual void on_output(
        const Work* writer, bool is_stderr, std::span<const std::byte> bytes) noexcept = 0;

protected:
    PoolWorkerListener() = default;
    ~PoolWorkerListener() = default;
};

/// One worker process as the pool sees it, from the request to fork it until nothing is left of it.
///
///     starting ──Spawned──► ready ──retire()──► retiring
///         │                   │                    │
///         └──────── process exited and channel at its end ──────► gone
///
/// A death is known from two sides, the supervisor's report and the end of the channel, in either
/// order. Only both together settle what the worker was doing: results that it sent before it died
/// still count.
///
/// Affinity:  loop.
class PoolWorker final : private WorkerLinkListener {
public:
    enum class State : std::uint8_t { kStarting, kReady, kRetiring, kGone };

    struct Channel {
        UniqueFd socket;
        process::WorkerPage page;
        UniqueFd out;
        UniqueFd err;
    };

    PoolWorker(
        EventLoop& loop,
        process::ChildKey key,
        Channel channel,
        const WorkerPoolOptions& options,
        PoolWorkerListener& listener);
    PoolWorker(const PoolWorker&) = delete;
    PoolWorker& operator=(const PoolWorker&) = delete;
    ~PoolWorker();

    [[nodiscard]] process::ChildKey key() const noexcept { return key_; }

    /// The worker's number for people, from 1.
    [[nodiscard]] std::uint32_t number() const noexcept { return key_.id + 1; }

    [[nodiscard]] State state() const noexcept { return state_; }

    /// Whether work can be sent to it: the report of a death may come long after the end of the
    /// channel.
    [[nodiscard]] bool reachable() const noexcept {
        return state_ == State::kReady && !channel_over_;
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    [[nodiscard]] WorkerLink& link() noexcept { return *link_; }

    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

    /// When the piece of work that is running got there: sent to an idle worker, or next after a
    /// reply.
    [[nodiscard]] TimePoint busy_since() const noexcept { return busy_since_; }

    /// How long the last piece of work took: as the worker says, or with its way there and back.
    [[nodiscard]] Duration last_duration() const noexcept { return last_duration_; }

    /// Memory it has resident now; 0 if nobody knows.
    [[nodiscard]] std::size_t resident_bytes() const noexcept;

    [[nodiscard]] bool spawn_failed() const noexcept { return pid_ == 0 && !failure_.empty(); }

    void spawned(pid_t pid) noexcept;
    void could_not_spawn(const std::string& reason) noexcept;
    /// `oom_suspected`: memory ran out when it died.
    void exited(const process::Exited& event, bool oom_suspected) noexcept;

    /// The supervisor is gone: no report of an exit will come.
    void supervisor_gone() noexcept;

    void send(std::span<Work* const> works);

    /// Lets the process end: no more work, and the channel closes.
    void retire() noexcept;

    /// Whether it was told to end.
    [[nodiscard]] bool retired() const noexcept { return retired_; }

    /// The pool had it killed, for this reason.
    void killed(std::string reason) { kill_reason_ = std::move(reason); }

    [[nodiscard]] bool was_killed() const noexcept { return !kill_reason_.empty(); }

    /// The error of the work that was running; ask once it is gone.
    [[nodiscard]] std::exception_ptr death(CallPhase phase, std::string note) const;

    [[nodiscard]] const std::exception_ptr& violation() const noexcept { return violation_; }

    /// How it ended, for the log.
    [[nodiscard]] WorkerDied::Details death_details(CallPhase phase, std::string note) const;

    /// A cancelled piece of work that it is still at.
    Work* cancelling = nullptr;
    /// Kills it when the grace of a cancellation is over.
    CallHandle grace_timer;
    /// Ends the call that runs too long.
    CallHandle timeout_timer;
    /// The piece of work with that limit.
    const Work* timed = nullptr;

    void drain_output() noexcept;

private:
    void before_replies() noexcept override;
    void on_reply(Work& work, const Reply& reply) noexcept override;
    void on_returned(const std::vector<Work*>& works) noexcept override;
    void on_disconnected(std::exception_ptr violation) noexcept override;
    void process_is_over() noexcept;
    void settle_if_over() noexcept;
    void cancel_timers() noexcept;

    EventLoop& loop_;
    process::ChildKey key_;
    PoolWorkerListener& listener_;
    std::unique_ptr<WorkerLink> link_;
    std::unique_ptr<OutputPipe> out_;
    std::unique_ptr<OutputPipe> err_;
    State state_ = State::kStarting;
    pid_t pid_ = 0;
    std::uint64_t calls_ = 0;
    TimePoint busy_since_;
    Duration last_duration_{0};
    std::optional<process::Exited> exit_;
    bool oom_suspected_ = false;
    bool retired_ = false;
    bool process_over_ = false;
    bool channel_over_ = false;
    std::string kill_reason_;
    std::string failure_;
    std::exception_ptr violation_;
    CallHandle death_timer_;
    const Work* writer_ = nullptr;  // of the output that was read last
};

}  // namespace aiomisc::detail
