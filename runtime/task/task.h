// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/base/compiler.h>
#include <aiomisc/runtime/task/task_core.h>

#include <coroutine>
#include <exception>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace aiomisc {

template <typename Value = void>
class Task;

namespace detail {

/// Tells the loop's exception handler, in debug mode, that a coroutine died without ever having
/// been awaited.
void report_never_awaited(const std::source_location& where) noexcept;

class TaskPromiseBase {
public:
    /// The root task on whose behalf the coroutine runs.
    TaskCore* core = nullptr;
    std::coroutine_handle<> continuation;
    std::exception_ptr error;

    std::suspend_always initial_suspend(
        std::source_location where = std::source_location::current()) noexcept {
        where_ = where;
        return {};
    }

    auto final_suspend() noexcept {
        struct Finish {
            TaskPromiseBase& promise;

            [[nodiscard]] bool await_ready() const noexcept { return false; }

            void await_suspend(std::coroutine_handle<>) const noexcept {
                promise.core->next = promise.continuation;
            }

            void await_resume() const noexcept {}
        };

        return Finish{*this};
    }

    void unhandled_exception() noexcept { error = std::current_exception(); }

    void report_if_never_awaited() const noexcept {
        if (core == nullptr) [[unlikely]] {
            report_never_awaited(where_);
        }
    }

private:
    std::source_location where_;
};

template <typename Value>
class TaskPromise : public TaskPromiseBase {
public:
    Task<Value> get_return_object() noexcept;

    template <typename Result>
        requires std::is_constructible_v<Value, Result&&>
    void return_value(Result&& result) {
        value_.emplace(std::forward<Result>(result));
    }

    Value take() {
        if (error) {
            std::rethrow_exception(std::move(error));
        }
        return std::move(*value_);
    }

private:
    std::optional<Value> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
public:
    Task<void> get_return_object() noexcept;

    void return_void() noexcept {}

    void take() {
        if (error) {
            std::rethrow_exception(std::move(error));
        }
    }
};

}  // namespace detail

/// A coroutine that produces a `Value`. Lazy: nothing runs until it is awaited or spawned.
///
/// Awaited with `co_await`, it runs as part of the awaiting task; given to create_task(), gather(),
/// wait_for() or a TaskGroup, it runs as a task of its own. It is awaited once. A task that is
/// dropped unawaited never runs, and is reported in debug mode.
///
/// Parameters of a coroutine are kept by value, or are references to what the *caller* keeps alive
/// until the task ends. A lambda that is a coroutine captures nothing.
///
/// Cancel:    arrives as CancelledError at the innermost suspension point.
/// Affinity:  loop.
/// Idea:      Python's coroutines; cppcoro's task.
/// Example:   tests/unit/runtime/task/task_test.cpp
template <typename Value>
class [[nodiscard("a Task does nothing until it is awaited")]] Task {
    static_assert(
        !std::is_reference_v<Value>,
        "a Task returns a value; return a pointer to refer to something");

public:
    using promise_type = detail::TaskPromise<Value>;
    using value_type = Value;
    using Handle = std::coroutine_handle<promise_type>;

    Task() noexcept = default;

    explicit Task(Handle handle) noexcept : handle_(handle) {}

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }

    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    ~Task() { reset(); }

    /// Runs the coroutine inside the awaiting task.
    ///
    /// Errors:    what the coroutine throws.
    auto operator co_await() && noexcept { return Awaiter{handle_}; }

    auto operator co_await() & noexcept { return Awaiter{handle_}; }

    [[nodiscard]] Handle handle() const noexcept { return handle_; }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

    /// Destroys the coroutine.
    void reset() noexcept {
        if (handle_) {
            handle_.promise().report_if_never_awaited();
            std::exchange(handle_, nullptr).destroy();
        }
    }

private:
    struct Awaiter {
        Handle child;

        [[nodiscard]] bool await_ready() const noexcept { return false; }

        template <typename Promise>
        void await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
            AIOMISC_CHECK(child && child.promise().core == nullptr, "a Task is awaited once");
            detail::TaskCore* core = parent.promise().core;
            child.promise().core = core;
            child.promise().continuation = parent;
            core->next = child;
        }

        Value await_resume() const { return child.promise().take(); }
    };

    Handle handle_;
};

namespace detail {

template <typename Value>
Task<Value> TaskPromise<Value>::get_return_object() noexcept {
    return Task<Value>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
    return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// The root task that runs a Task<Value>: both the schedulable core and the completion its handle
/// sees.
template <typename Value>
class RootTask final : public CompletionOf<Value>, public TaskCore {
public:
    RootTask(Scheduler& scheduler, Task<Value> body) : TaskCore(scheduler), body_(std::move(body)) {
        // The loop's own reference, dropped when the body has ended.
        this->add_reference();
        body_.handle().promise().core = this;
        this->start(body_.handle());
    }

    void cancel(CancelReason reason) noexcept override {
        if (!this->done()) {
            this->request_cancel(reason);
        }
    }

    [[nodiscard]] std::string task_name() const override { return this->name(); }

private:
    [[nodiscard]] const char* unseen_message() const noexcept override {
        return "task exception was never retrieved";
    }

    [[nodiscard]] bool body_done() const noexcept override {
        return body_ && body_.handle().done();
    }

    void body_ended(bool cancelled_early, CancelReason reason) noexcept override {
        if (cancelled_early) {
            end_cancelled(reason);
        } else {
            publish();
        }
        body_.reset();
        this->release();
    }

    void abandon() noexcept override {
        const Reference<RootTask> alive(this);
        body_.reset();
        end_cancelled(CancelReason::kShutdown);
        this->release();
    }

    void end_cancelled(CancelReason reason) noexcept {
        this->set_cancel_reason(reason);
        this->finish(Completion::Status::kCancelled);
    }

    void publish() noexcept {
        const Reference<RootTask> alive(this);
        try {
            if constexpr (std::is_void_v<Value>) {
                body_.handle().promise().take();
                this->emplace_value();
            } else {
                this->emplace_value(body_.handle().promise().take());
            }
        } catch (const CancelledError& cancelled) {
            // Destroy the frame first: whoever sees the outcome may rely on its locals being gone.
            body_.reset();
            end_cancelled(cancelled.reason());
            return;
        } catch (...) {
            this->set_error(std::current_exception());
            body_.reset();
            this->finish(Completion::Status::kError);
            return;
        }
        body_.reset();
        this->finish(Completion::Status::kValue);
    }

    Task<Value> body_;
};

}  // namespace detail

}  // namespace aiomisc
