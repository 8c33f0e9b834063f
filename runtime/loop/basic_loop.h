// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/call_handle.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/runtime/task/timer_queue.h>

#include <chrono>
#include <string>
#include <utility>

namespace aiomisc {

/// What every loop has in common: the queue of what is ready, the timers, callbacks and tasks.
///
/// Use EventLoop; in tests of timing policies, VirtualLoop.
///
/// Affinity:  loop.
class BasicLoop : public Scheduler {
public:
    using ExceptionHandler = UniqueFunction<void(const ExceptionContext&)>;

    BasicLoop(const BasicLoop&) = delete;
    BasicLoop& operator=(const BasicLoop&) = delete;
    ~BasicLoop() override;

    /// Runs `function` on a later turn, in the order of the calls.
    CallHandle call_soon(UniqueFunction<void()> function);

    /// Runs `function` once `delay` has passed.
    CallHandle call_later(Duration delay, UniqueFunction<void()> function);

    /// Runs `function` at `when`, by now().
    CallHandle call_at(TimePoint when, UniqueFunction<void()> function);

    /// Starts `task`: its body begins on a later turn.
    template <typename Value>
    [[nodiscard]] TaskHandle<Value> create_task(Task<Value> task, std::string name = {}) {
        return aiomisc::create_task(*this, std::move(task), std::move(name));
    }

    /// Runs the loop until `task` has ended, and returns its value.
    ///
    /// Other tasks go on running meanwhile; they are still there afterwards.
    ///
    /// Errors:    what the task throws; CancelledError (it was cancelled); InvalidStateError (the
    ///            loop was stopped first: "loop stopped before future completed"; or a loop runs
    ///            in this thread already).
    template <typename Value>
    Value run_until_complete(Task<Value> task) {
        return run_until_complete(create_task(std::move(task)));
    }

    template <typename Value>
    Value run_until_complete(TaskHandle<Value> handle) {
        run_until_done(*handle.state());
        return handle.result();
    }

    /// Runs until stop().
    void run_forever();

    /// Ends the current turn and returns from run_forever(), or fails run_until_complete().
    void stop() noexcept { stopping_ = true; }

    [[nodiscard]] bool is_running() const noexcept { return running_; }

    /// Whether the tasks are being ended, all of them: one that started now would be cancelled by
    /// nobody.
    [[nodiscard]] bool ending() const noexcept { return ending_; }

    /// Seconds of the loop's clock, as asyncio's loop.time().
    [[nodiscard]] double time() const noexcept;

    /// Receives errors that nobody awaits, and errors of callbacks. The default logs them.
    void set_exception_handler(ExceptionHandler handler) {
        exception_handler_ = std::move(handler);
    }

    /// Debug mode reports callbacks slower than slow_callback_duration() and tasks that were never
    /// awaited.
    void set_debug(bool debug) noexcept { debug_ = debug; }

    void set_slow_callback_duration(Duration duration) noexcept {
        slow_callback_duration_ = duration;
    }

    void schedule(detail::ReadyNode& node) noexcept override { ready_.push(node); }

    void unschedule(detail::ReadyNode& node) noexcept override { ready_.remove(node); }

    void arm(detail::TimerNode& timer, TimePoint deadline) override {
        timers_.add(timer, deadline);
    }

    void disarm(detail::TimerNode& timer) noexcept override { timers_.remove(timer); }

    void call_exception_handler(const ExceptionContext& context) noexcept override;

    [[nodiscard]] bool debug() const noexcept override { return debug_; }

protected:
    BasicLoop() = default;

    /// Looks for events; with `wait`, until something is ready or a timer is due.
    virtual void poll(bool wait) = 0;

    /// Cancels every task and runs until they ended; frames of tasks that refuse are destroyed
    /// after `limit`.
    void end_all_tasks(Duration limit) noexcept;

    /// Drops callbacks and timers that have not run.
    void drop_callbacks() noexcept;

    [[nodiscard]] const detail::TimerQueue& timers() const noexcept { return timers_; }

    [[nodiscard]] bool ready() const noexcept { return !ready_.empty(); }

    /// Runs timers that are due.
    void expire_timers() noexcept;

private:
    class RunScope;

    /// Stands in the queue where a turn ends: what is scheduled during it runs on the next.
    class TurnEnd final : public detail::ReadyNode {
    public:
        void run() noexcept override {}
    };

    void run_until_done(detail::Completion& completion);
    template <typename Condition>
    void run_while(Condition&& condition);
    void run_turn() noexcept;
    void run_node(detail::ReadyNode& node) noexcept;

    detail::ReadyQueue ready_;
    TurnEnd turn_end_;
    detail::TimerQueue timers_;
    ExceptionHandler exception_handler_;
    Duration slow_callback_duration_ = std::chrono::milliseconds(100);
    bool running_ = false;
    bool stopping_ = false;
    bool ending_ = false;
    bool debug_ = false;
};

}  // namespace aiomisc
