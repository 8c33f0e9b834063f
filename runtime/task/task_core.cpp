// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/task_core.h>

#include <aiomisc/runtime/log/context.h>

#include <utility>

namespace aiomisc {

namespace {

thread_local Scheduler* current_scheduler = nullptr;

}  // namespace

Scheduler& Scheduler::current() {
    if (current_scheduler == nullptr) {
        throw InvalidStateError("no event loop runs in this thread");
    }
    return *current_scheduler;
}

Scheduler* Scheduler::current_or_null() noexcept {
    return current_scheduler;
}

void Scheduler::forget_current() noexcept {
    current_scheduler = nullptr;
}

Scheduler::Running::Running(Scheduler& scheduler) noexcept
    : previous_(std::exchange(current_scheduler, &scheduler)) {}

Scheduler::Running::~Running() {
    current_scheduler = previous_;
}

void Scheduler::cancel_all_tasks(CancelReason reason) noexcept {
    for (detail::TaskCore* task = tasks_; task != nullptr; task = task->registry_next_) {
        task->request_cancel(reason);
    }
}

std::vector<std::string> Scheduler::task_names() const {
    std::vector<std::string> names;
    for (const detail::TaskCore* task = tasks_; task != nullptr; task = task->registry_next_) {
        names.push_back(task->name().empty() ? "?" : task->name());
    }
    return names;
}

void Scheduler::abandon_all_tasks() noexcept {
    while (tasks_ != nullptr) {
        detail::TaskCore& task = *tasks_;
        unschedule(task);
        task.leave_registry();
        task.abandon();
    }
}

namespace detail {

namespace {

thread_local TaskCore* current_task = nullptr;

/// Records say which task logged them.
void add_task_name(log::detail::ContextFields& fields) {
    if (current_task != nullptr && !current_task->name().empty()) {
        fields.add("task_name", current_task->name());
    }
}

[[maybe_unused]] const bool kProvided = [] {
    log::detail::add_context_provider(&add_task_name);
    return true;
}();

}  // namespace

TaskCore* TaskCore::current() noexcept {
    return current_task;
}

void TaskCore::forget_current() noexcept {
    current_task = nullptr;
}

TaskCore::TaskCore(Scheduler& scheduler)
    : scheduler_(scheduler), context_(ContextValues::current()) {}

TaskCore::~TaskCore() {
    leave_registry();
}

void TaskCore::leave_registry() noexcept {
    if (!std::exchange(registered_, false)) {
        return;
    }
    (registry_previous_ == nullptr ? scheduler_.tasks_ : registry_previous_->registry_next_) =
        registry_next_;
    if (registry_next_ != nullptr) {
        registry_next_->registry_previous_ = registry_previous_;
    }
}

void TaskCore::start(std::coroutine_handle<> root) noexcept {
    next = root;
    registered_ = true;
    registry_next_ = scheduler_.tasks_;
    if (registry_next_ != nullptr) {
        registry_next_->registry_previous_ = this;
    }
    scheduler_.tasks_ = this;
    scheduler_.schedule(*this);
}

bool TaskCore::take_pending_cancel(CancelReason& reason) noexcept {
    reason = cancel_reason_;
    return std::exchange(must_cancel_, false);
}

void TaskCore::request_cancel(CancelReason reason) noexcept {
    if (waiter_ != nullptr) {
        waiter_->cancel(reason);
        return;
    }
    must_cancel_ = true;
    cancel_reason_ = reason;
}

void TaskCore::run() noexcept {
    if (!std::exchange(started_, true) && must_cancel_) {
        next = nullptr;
        leave_registry();
        body_ended(true, cancel_reason_);
        return;
    }
    if (waiter_ != nullptr) {
        next = waiter_->handle_;
    }
    TaskCore* const previous_task = std::exchange(current_task, this);
    ContextValues* const previous_values = ContextValues::exchange_current(&context_);
    while (next) {
        std::exchange(next, nullptr).resume();
    }
    ContextValues::exchange_current(previous_values);
    current_task = previous_task;
    if (body_done()) {
        leave_registry();
        body_ended(false, cancel_reason_);
    }
}

Waiter::~Waiter() {
    // Only a frame that is destroyed while suspended gets here parked; its derived part has
    // unlinked itself.
    if (core_ != nullptr && core_->waiter_ == this) {
        core_->waiter_ = nullptr;
    }
}

bool Waiter::suspend_in(TaskCore& core, std::coroutine_handle<> handle) noexcept {
    core_ = &core;
    handle_ = handle;
    phase_ = Phase::kParked;
    core.waiter_ = this;
    park();
    CancelReason reason{};
    if (core.take_pending_cancel(reason)) {
        cancel(reason);
    }
    return true;
}

void Waiter::wake() noexcept {
    if (phase_ != Phase::kParked) {
        return;
    }
    phase_ = Phase::kWoken;
    core_->scheduler_.schedule(*core_);
}

bool Waiter::resumed() noexcept {
    if (core_ != nullptr && core_->waiter_ == this) {
        core_->waiter_ = nullptr;
    }
    return cancelled_;
}

void Waiter::cancel(CancelReason reason) noexcept {
    if (phase_ == Phase::kWoken) {
        cancelled_ = true;
        reason_ = reason;
        return;
    }
    reason_ = reason;
    if (unpark(reason)) {
        cancelled_ = true;
        wake();
    }
}

}  // namespace detail

}  // namespace aiomisc
