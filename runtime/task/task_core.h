// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/context_var.h>
#include <aiomisc/runtime/task/scheduler.h>

#include <coroutine>
#include <cstdint>
#include <string>

namespace aiomisc::detail {

/// Design of tasks
///
/// A *root task* (TaskCore) is what the loop schedules; Task<T> coroutines awaited inside it run on
/// its behalf and share it. Whichever coroutine of the root is suspended innermost waits on a
/// Waiter, the leaf; that is the suspension point at which a cancellation arrives.
///
///   scheduled ──run()──> running ──await──> parked on a Waiter ──wake()──> scheduled …  ──> done
///
/// Coroutines never resume one another: to enter a child or return to a parent, a coroutine stores
/// the handle in TaskCore::next and suspends, and the loop in TaskCore::run() resumes it. The stack
/// is therefore equally deep for a chain of any length, in every compiler and at every optimisation
/// level; GCC makes symmetric transfer a tail call only with optimisation and without sanitizers.
///
/// Cancellation is asyncio's: cancel() before the first step means that the body never runs; while
/// parked, the Waiter is taken off what it waits for and its await throws CancelledError; after
/// wake() but before the task ran again, its await throws too, and the primitive takes back what it
/// had granted; while running, it arrives right after the next await has suspended.
class Waiter;

class TaskCore : public ReadyNode {
public:
    TaskCore(const TaskCore&) = delete;
    TaskCore& operator=(const TaskCore&) = delete;

    /// The coroutine to resume when the running one has suspended.
    std::coroutine_handle<> next;

    /// The task whose code runs on this thread now, or null.
    static TaskCore* current() noexcept;

    /// In a forked child: no task runs here.
    static void forget_current() noexcept;

    [[nodiscard]] Scheduler& scheduler() const noexcept { return scheduler_; }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    void set_name(std::string name) { name_ = std::move(name); }

    /// Whether a cancellation waits for the next suspension; taking it delivers it.
    [[nodiscard]] bool take_pending_cancel(CancelReason& reason) noexcept;

    /// Asks the task to end; see the design above.
    void request_cancel(CancelReason reason) noexcept;

protected:
    explicit TaskCore(Scheduler& scheduler);
    virtual ~TaskCore();

    /// Schedules the first step, which resumes `root`.
    void start(std::coroutine_handle<> root) noexcept;

    /// The body has ended (or, with `cancelled_early`, will never begin): publish the outcome and
    /// drop the frame.
    virtual void body_ended(bool cancelled_early, CancelReason reason) noexcept = 0;

    /// Drops the frame of a body that will never end.
    virtual void abandon() noexcept = 0;

    [[nodiscard]] virtual bool body_done() const noexcept = 0;

private:
    friend class Waiter;
    friend class aiomisc::Scheduler;

    void run() noexcept override;
    void leave_registry() noexcept;

    Scheduler& scheduler_;
    Waiter* waiter_ = nullptr;
    ContextValues context_;
    std::string name_;
    TaskCore* registry_next_ = nullptr;
    TaskCore* registry_previous_ = nullptr;
    bool registered_ = false;
    bool started_ = false;
    bool must_cancel_ = false;
    CancelReason cancel_reason_ = CancelReason::kRequested;
};

/// The leaf a task is parked on: base of every awaitable that waits for something other than a
/// coroutine.
///
/// A derived awaitable provides `bool await_ready()`, `void park()` (link into what it waits for),
/// `unpark()` (unlink) and `await_resume()`, which calls resumed() first. Whoever fulfils it calls
/// wake().
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Resumes the task on a later turn. Idempotent.
    void wake() noexcept;

    [[nodiscard]] bool woken() const noexcept { return phase_ == Phase::kWoken; }

protected:
    ~Waiter();

    /// Suspends the coroutine, and delivers a cancellation that was pending. What await_suspend()
    /// returns.
    template <typename Promise>
    bool suspend(std::coroutine_handle<Promise> handle) noexcept {
        return suspend_in(*handle.promise().core, handle);
    }

    /// Whether the await is to end in CancelledError. Call first in await_resume(). A primitive
    /// that had granted something before the cancellation came takes it back then.
    [[nodiscard]] bool resumed() noexcept;

    /// Throws CancelledError with the reason given to the task.
    [[noreturn]] void throw_cancelled() const { throw CancelledError(reason_); }

    [[nodiscard]] Scheduler& scheduler() const noexcept { return core_->scheduler(); }

    /// Links the waiter into what it waits for; may call wake().
    virtual void park() = 0;

    /// The task was cancelled while parked. Either unlink, and return true: the await ends now with
    /// CancelledError; or pass the request on to what is awaited, and return false: the await goes
    /// on.
    virtual bool unpark(CancelReason reason) noexcept = 0;

private:
    friend class TaskCore;
    enum class Phase : std::uint8_t { kIdle, kParked, kWoken };

    bool suspend_in(TaskCore& core, std::coroutine_handle<> handle) noexcept;
    void cancel(CancelReason reason) noexcept;

    TaskCore* core_ = nullptr;
    std::coroutine_handle<> handle_;
    Phase phase_ = Phase::kIdle;
    bool cancelled_ = false;
    CancelReason reason_ = CancelReason::kRequested;
};

}  // namespace aiomisc::detail
