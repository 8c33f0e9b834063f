// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task_handle.h>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <kj/async.h>

/// The border between KJ's promises and our tasks. KJ objects never cross it: they are used on one
/// side only.
namespace aiomisc::detail {

/// Our error for one of KJ's: ClosedError where the peer is gone, ProtocolError otherwise.
std::exception_ptr to_exception_ptr(const kj::Exception& exception);

/// KJ's error for one of ours.
kj::Exception to_kj_exception(const std::exception_ptr& error);

/// Awaits a kj::Promise inside a task. Cancelling the task drops the promise, which cancels it.
template <typename Value>
class KjWaiter final : public Waiter {
public:
    explicit KjWaiter(kj::Promise<Value> promise) : promise_(std::move(promise)) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        return suspend(handle);
    }

    Value await_resume() {
        const bool cancelled = resumed();
        pending_ = nullptr;
        if (cancelled) {
            throw_cancelled();
        }
        if (error_) {
            std::rethrow_exception(error_);
        }
        if constexpr (!std::is_void_v<Value>) {
            return std::move(*value_);
        }
    }

private:
    void park() override {
        // Moved in below: KJ would keep a reference to this local.
        auto failed = [this](kj::Exception&& exception) {
            error_ = to_exception_ptr(exception);
            wake();
        };
        if constexpr (std::is_void_v<Value>) {
            pending_ =
                std::move(promise_).then([this] { wake(); }).eagerlyEvaluate(std::move(failed));
        } else {
            pending_ = std::move(promise_)
                           .then([this](Value&& value) {
                               value_.emplace(std::move(value));
                               wake();
                           })
                           .eagerlyEvaluate(std::move(failed));
        }
    }

    bool unpark(CancelReason) noexcept override {
        pending_ = nullptr;
        return true;
    }

    kj::Promise<Value> promise_;
    kj::Promise<void> pending_ = nullptr;
    std::optional<Stored<Value>> value_;
    std::exception_ptr error_;
};

/// What from_kj() returns. The waiter lies outside the coroutine: GCC 14 cannot compile one whose
/// frame holds a kj::Promise of Cap'n Proto 1, not even as a parameter.
template <typename Value>
class KjAwaitable {
public:
    explicit KjAwaitable(kj::Promise<Value>&& promise)
        : waiter_(std::make_unique<KjWaiter<Value>>(std::move(promise))) {}

    [[nodiscard]] bool await_ready() const noexcept { return waiter_->await_ready(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        return waiter_->await_suspend(handle);
    }

    Value await_resume() { return waiter_->await_resume(); }

private:
    std::unique_ptr<KjWaiter<Value>> waiter_;
};

/// `Value v = co_await from_kj(promise)`.
template <typename Value>
[[nodiscard]] KjAwaitable<Value> from_kj(kj::Promise<Value>&& promise) {
    return KjAwaitable<Value>(std::move(promise));
}

/// Runs a task for a KJ caller; dropping the kj::Promise cancels the task.
template <typename Value>
class TaskAdapter final : private CompletionObserver {
public:
    TaskAdapter(kj::PromiseFulfiller<Value>& fulfiller, TaskHandle<Value> handle)
        : fulfiller_(fulfiller), handle_(std::move(handle)) {
        if (handle_.done()) {
            settle();
        } else {
            handle_.state()->observe(*this);
        }
    }

    TaskAdapter(const TaskAdapter&) = delete;
    TaskAdapter& operator=(const TaskAdapter&) = delete;
    ~TaskAdapter() = default;

private:
    void on_completed(Completion&) noexcept override { settle(); }

    void settle() noexcept {
        try {
            if constexpr (std::is_void_v<Value>) {
                handle_.result();
                fulfiller_.fulfill();
            } else {
                fulfiller_.fulfill(handle_.result());
            }
        } catch (...) {
            fulfiller_.reject(to_kj_exception(std::current_exception()));
        }
    }

    kj::PromiseFulfiller<Value>& fulfiller_;
    TaskHandle<Value> handle_;
};

/// Starts `task` and gives its outcome to KJ.
template <typename Value>
kj::Promise<Value> to_kj(Task<Value> task) {
    return kj::newAdaptedPromise<Value, TaskAdapter<Value>>(create_task(std::move(task)));
}

}  // namespace aiomisc::detail
