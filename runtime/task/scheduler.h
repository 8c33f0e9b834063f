// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace aiomisc {

/// The clock of loops and of every time limit: monotonic, so that setting the wall clock fires and
/// loses nothing.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// What a loop tells its exception handler about an error that nobody awaited.
struct ExceptionContext {
    std::string message;           ///< what happened, e.g. "task exception was never retrieved"
    std::exception_ptr exception;  ///< may be null
    std::string task;              ///< name of the task concerned, if any
};

namespace detail {

class TaskCore;

/// Something a loop runs once, on a later turn, in the order of scheduling. Intrusive: scheduling
/// allocates nothing.
class ReadyNode {
public:
    ReadyNode() = default;
    ReadyNode(const ReadyNode&) = delete;
    ReadyNode& operator=(const ReadyNode&) = delete;

    virtual void run() noexcept = 0;

    /// The loop closes and will not run this; a node that nobody else owns destroys itself.
    virtual void drop() noexcept {}

protected:
    ~ReadyNode() = default;

private:
    friend class ReadyQueue;
    ReadyNode* next_ = nullptr;
    ReadyNode* previous_ = nullptr;
    bool queued_ = false;
};

/// FIFO of ReadyNodes.
class ReadyQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    void push(ReadyNode& node) noexcept {
        if (node.queued_) {
            return;
        }
        node.queued_ = true;
        node.next_ = nullptr;
        node.previous_ = last_;
        (last_ == nullptr ? first_ : last_->next_) = &node;
        last_ = &node;
    }

    ReadyNode* pop() noexcept {
        ReadyNode* node = first_;
        if (node != nullptr) {
            remove(*node);
        }
        return node;
    }

    void remove(ReadyNode& node) noexcept {
        if (!node.queued_) {
            return;
        }
        (node.previous_ == nullptr ? first_ : node.previous_->next_) = node.next_;
        (node.next_ == nullptr ? last_ : node.next_->previous_) = node.previous_;
        node.queued_ = false;
    }

    [[nodiscard]] ReadyNode* last() const noexcept { return last_; }

private:
    ReadyNode* first_ = nullptr;
    ReadyNode* last_ = nullptr;
};

/// A moment at which a loop calls expire(). Intrusive; unlinked from the loop by its owner before
/// it dies.
class TimerNode {
public:
    TimerNode() = default;
    TimerNode(const TimerNode&) = delete;
    TimerNode& operator=(const TimerNode&) = delete;

    virtual void expire() noexcept = 0;

    /// As ReadyNode::drop().
    virtual void drop_timer() noexcept {}

    [[nodiscard]] bool armed() const noexcept { return index_ != kNotArmed; }

    [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }

protected:
    ~TimerNode() = default;

private:
    friend class TimerQueue;
    static constexpr std::size_t kNotArmed = static_cast<std::size_t>(-1);
    TimePoint deadline_{};
    std::size_t index_ = kNotArmed;
};

}  // namespace detail

/// What tasks need of a loop. Primitives and timing policies know only this, so that they run
/// unchanged on the loop of libuv and on the virtual-time loop of the tests.
///
/// Affinity: loop.
class Scheduler {
public:
    Scheduler() = default;
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    virtual ~Scheduler() = default;

    /// The scheduler running on this thread.
    /// Errors: InvalidStateError (no loop runs here).
    static Scheduler& current();

    /// The same, or null.
    static Scheduler* current_or_null() noexcept;

    /// In a forked child: no scheduler runs here.
    static void forget_current() noexcept;

    /// Monotonic time; on a virtual loop, the time it pretends to be.
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;

    virtual void schedule(detail::ReadyNode& node) noexcept = 0;
    virtual void unschedule(detail::ReadyNode& node) noexcept = 0;
    virtual void arm(detail::TimerNode& timer, TimePoint deadline) = 0;
    virtual void disarm(detail::TimerNode& timer) noexcept = 0;

    /// Hands an error that nobody will see to the loop's exception handler.
    virtual void call_exception_handler(const ExceptionContext& context) noexcept = 0;

    /// Whether slow callbacks and never-awaited tasks are reported.
    [[nodiscard]] virtual bool debug() const noexcept = 0;

protected:
    /// Makes a scheduler current for this thread while it runs.
    class Running {
    public:
        explicit Running(Scheduler& scheduler) noexcept;
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running();

    private:
        Scheduler* previous_;
    };

private:
    friend class detail::TaskCore;
    /// All root tasks that have not ended, so that a closing loop can cancel them.
    detail::TaskCore* tasks_ = nullptr;

protected:
    [[nodiscard]] bool has_tasks() const noexcept { return tasks_ != nullptr; }

    /// Requests cancellation of every task that has not ended.
    void cancel_all_tasks(CancelReason reason) noexcept;

    /// Names of the tasks that have not ended, the newest first; `?` for those without one.
    [[nodiscard]] std::vector<std::string> task_names() const;

    /// Destroys the frames of tasks that refused to end. The last resort of a closing loop.
    void abandon_all_tasks() noexcept;
};

}  // namespace aiomisc
