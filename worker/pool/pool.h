// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/pool/pool_worker.h>
#include <aiomisc/worker/pool/restart_policy.h>
#include <aiomisc/worker/pool/statistic.h>
#include <aiomisc/worker/pool/supervisor_link.h>
#include <aiomisc/worker/pool/work.h>
#include <aiomisc/worker/process/oom_counter.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace aiomisc::detail {

/// Whose machinery a pool is.
enum class PoolKind : std::uint8_t {
    kWorkerPool,
    /// ProcessPoolExecutor: starts with its first call, initializes each worker, leaves calls that
    /// run alone, and is broken by the first worker that dies.
    kExecutor,
};

/// The processors this process may use.
std::size_t available_processors() noexcept;

/// Design of the pool
///
/// Work waits in one queue in the parent. A worker that is ready gets one piece at a time. While
/// calls are so short that the way to the worker costs more than they do, several travel together,
/// and a second message is sent ahead; what a worker has not begun is taken back for one that falls
/// idle: revoking is exact, see WorkerPage. Only the parent schedules; supervisor and workers know
/// no queue.
///
///     submit ─► queue ─► dispatch ─► worker ─► reply ─► settle
///                 ▲                    │ dies: what it had begun fails, the rest goes back to the
///                 front └────────────────────┘
///
/// Processes: the pool asks its supervisor to fork a worker into each empty slot (ensure_workers),
/// and hears of every death from it. When the supervisor itself dies, all workers die with it; what
/// was running fails, what waits is kept for the workers of a new supervisor.
///
/// Objects are destroyed on a later turn than the callback that ends them (graveyard), because KJ
/// forbids a callback to destroy the promise it belongs to.
///
/// Affinity:  loop.
class Pool final : public std::enable_shared_from_this<Pool>, private PoolWorkerListener {
public:
    Pool(EventLoop& loop, WorkerPoolOptions options, PoolKind kind = PoolKind::kWorkerPool);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();

    /// Ends everything at once, without waiting: what is left of the processes is killed. The owner
    /// is going, or the loop.
    void abandon() noexcept;

    /// The same, from the loop that closes: nothing is left in it to take the pool off.
    void loop_closes() noexcept;

    Task<> start();
    Task<> close(CloseOptions options);

    /// The two halves of close(): from the first on nothing is accepted.
    void begin_close(CloseOptions options);
    Task<> closed();

    /// Errors: PoolClosed, PoolBroken, QueueFull.
    void submit(Work& work);

    /// The same for a chunk of a map, which bounds itself: the limit of the queue is for calls.
    void submit_chunk(Work& work);

    /// For what is left of a chunk whose worker did not come to its end: it was accepted already,
    /// so a closing pool that finishes its calls takes it.
    void resubmit_chunk(Work& work);

    /// Whether submit() would accept a call now; if not, waits until it does.
    [[nodiscard]] bool has_room() const noexcept;
    Task<> room();
    void suspend() noexcept;
    void resume() noexcept;

    /// The caller gave up on it: it is dropped from the queue, or its worker is told to stop.
    void cancel(Work& work) noexcept;

    /// The same for every call that no worker has begun.
    std::size_t cancel_waiting() noexcept;

    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

    [[nodiscard]] const WorkerPoolOptions& options() const noexcept { return options_; }

    [[nodiscard]] std::size_t workers() const noexcept { return slots_.size(); }

    [[nodiscard]] std::vector<pid_t> pids() const;
    [[nodiscard]] WorkerPoolStatistics statistics() const;

    [[nodiscard]] std::uint64_t next_call_id() noexcept { return ++last_call_id_; }

    [[nodiscard]] pid_t supervisor_pid() const noexcept { return supervisor_pid_; }

private:
    class PlaceInLine;

    /// kDraining: closing, once all calls are done; until then it runs.
    enum class State : std::uint8_t {
        kNew,
        kStarting,
        kRunning,
        kDraining,
        kClosing,
        kClosed,
        kBroken
    };

    // pool_dispatch.cpp: from the queue to workers
    void enqueue(Work& work) noexcept;
    enum class SendAhead : std::uint8_t { kNo, kYes };
    void dispatch(SendAhead ahead = SendAhead::kYes) noexcept;
    void dispatch_soon() noexcept;
    [[nodiscard]] PoolWorker* worker_for(const Work& work, SendAhead ahead) noexcept;
    [[nodiscard]] bool can_send_ahead(PoolWorker& worker, const Work& work) const noexcept;
    [[nodiscard]] std::uint64_t calls_before_recycling(PoolWorker& worker) const noexcept;
    [[nodiscard]] std::size_t calls_together(PoolWorker& worker) const noexcept;
    [[nodiscard]] std::vector<Work*> take_for(PoolWorker& worker);
    void send(PoolWorker& worker, const std::vector<Work*>& works) noexcept;
    [[nodiscard]] PoolWorker* worker_to_relieve() const noexcept;
    void rebalance() noexcept;
    void take_back(PoolWorker& worker) noexcept;
    void look_later() noexcept;
    void look_at_workers() noexcept;
    void requeue(const std::vector<Work*>& taken) noexcept;

    // pool_outcome.cpp: and back
    void settle(Work& work) noexcept;
    void deliver(Work& work, const Reply& reply) noexcept;
    void fail(Work& work, const std::exception_ptr& error) noexcept;
    void lose(const WorkerLink::Lost& lost, const std::exception_ptr& error) noexcept;
    void count(const Work& work, const Tally& calls) noexcept;
    void fail_all(const std::exception_ptr& error) noexcept;
    void measure(const PoolWorker& worker, const Work& work) noexcept;
    void publish() noexcept;
    void on_reply(PoolWorker& worker, Work& work, const Reply& reply) noexcept override;
    void on_returned(PoolWorker& worker, const std::vector<Work*>& works) noexcept override;
    void on_channel_end(PoolWorker& worker) noexcept override;
    void on_gone(PoolWorker& worker) noexcept override;
    void on_output(
        const Work* writer, bool is_stderr, std::span<const std::byte> bytes) noexcept override;

    // pool_cancel.cpp: calls that end before they are done
    bool interrupt(PoolWorker& worker, const Work& work) noexcept;
    void end_cancelled(Work& work) noexcept;
    void stop_running(PoolWorker& worker, Work& work) noexcept;
    void on_call_timeout(PoolWorker& worker, Work& work, std::chrono::milliseconds limit) noexcept;
    void kill(PoolWorker& worker, std::string reason) noexcept override;

    // pool_processes.cpp: the supervisor and the workers
    void open_supervisor();
    void on_supervisor_event(process::SupervisorEvent* event);
    void on_supervisor_gone();
    void restart_supervisor(Duration at_least = Duration::zero()) noexcept;
    void open_supervisor_again() noexcept;
    void kill_supervisor() noexcept;
    void ensure_workers() noexcept;
    void spawn_worker(std::size_t slot);
    void drop_workers() noexcept;
    void worker_lost(const std::string& how, Duration at_least) noexcept;
    void recycle_if_due(PoolWorker& worker) noexcept;
    void bury(std::unique_ptr<PoolWorker> worker) noexcept;
    void signal_workers(int signal) noexcept;
    void publish_processes() noexcept;
    [[nodiscard]] std::size_t replacements() const noexcept;
    [[nodiscard]] PoolWorker* find(process::ChildKey key) noexcept;

    // pool_lifetime.cpp: start and end
    void begin_start();
    void advance_start() noexcept;
    void break_pool(const std::string& reason) noexcept;
    [[nodiscard]] std::exception_ptr broken_by(const std::string& reason) const;
    static Task<> close_once(std::shared_ptr<Pool> self, CloseOptions options);
    Task<> close_processes();
    template <typename Condition>
    Task<bool> wait_until(Condition condition, TimePoint deadline);
    [[nodiscard]] bool all_idle() const noexcept;
    void throw_unless_open() const;

    // pool.cpp: who waits for a place, or for a change
    void wake_waiters() noexcept;
    void wake_first_in_line() noexcept;

    [[nodiscard]] bool is_executor() const noexcept { return kind_ == PoolKind::kExecutor; }

    [[nodiscard]] bool runs() const noexcept {
        return state_ == State::kRunning || state_ == State::kDraining;
    }

    /// Whether workers that end are replaced.
    [[nodiscard]] bool keeps_workers() const noexcept {
        return runs() || state_ == State::kStarting;
    }

    EventLoop& loop_;
    WorkerPoolOptions options_;
    PoolKind kind_;
    State state_ = State::kNew;
    std::exception_ptr broken_;

    WorkQueue queue_;
    std::vector<std::unique_ptr<PoolWorker>> slots_;  // null: no process in this slot
    std::vector<std::uint32_t> generations_;
    std::vector<std::unique_ptr<PoolWorker>> retiring_;  // ending, and already replaced
    std::vector<std::unique_ptr<PoolWorker>> graveyard_;
    CallHandle burial_;

    std::unique_ptr<SupervisorLink> supervisor_;
    pid_t supervisor_pid_ = 0;
    bool supervisor_ready_ = false;
    bool restarting_ = false;
    bool abandoned_ = false;
    std::string supervisor_ending_ = "for a reason nobody knows";
    std::exception_ptr initializer_error_;

    RestartPolicy restarts_;
    CallHandle respawn_timer_;
    CallHandle start_limit_timer_;  // of the start of a supervisor, the first or another
    CallHandle look_timer_;
    bool look_armed_ = false;
    CallHandle dispatch_handle_;
    bool dispatch_armed_ = false;
    Event changed_;           ///< set when anything happened that start() or close() may wait for
    std::list<Event*> line_;  ///< of those that wait in room(), each with an event of its own

    TaskHandle<> closing_;
    std::uint64_t last_call_id_ = 0;
    double average_call_seconds_ = 1.0;
    std::set<process::ChildKey> suspended_;  ///< their stop is no news
    process::OomCounter oom_;
    std::size_t most_together_ = kMaxCallsTogether;
    unsigned replies_since_return_ = 0;
    WorkerPoolStatistics statistics_;
    double seconds_in_calls_ = 0;
    // What the program can read, of the kind that this pool is.
    std::optional<WorkerPoolStatistic> pool_statistic_;
    std::optional<ProcessPoolStatistic> executor_statistic_;
};

}  // namespace aiomisc::detail
