// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task_handle.h>

#include <utility>

namespace aiomisc {

namespace detail {

template <typename Value>
class FutureState final : public CompletionOf<Value> {
public:
    template <typename... Arguments>
    bool set_value(Arguments&&... arguments) {
        if (this->done()) {
            return false;
        }
        this->emplace_value(std::forward<Arguments>(arguments)...);
        return this->finish(Completion::Status::kValue);
    }

    bool set_exception(std::exception_ptr error) noexcept {
        if (this->done()) {
            return false;
        }
        this->set_error(std::move(error));
        return this->finish(Completion::Status::kError);
    }

    void cancel(CancelReason reason) noexcept override {
        if (!this->done()) {
            this->set_cancel_reason(reason);
            this->finish(Completion::Status::kCancelled);
        }
    }
};

}  // namespace detail

/// The reading side of a Promise: awaited like a task.
template <typename Value = void>
using Future = TaskHandle<Value>;

/// Sets the outcome of a Future, once.
///
/// A Promise that is dropped unset fails its future with InvalidStateError. To fulfil it from
/// another thread, go through EventLoop::call_soon_threadsafe().
///
/// Cancel:    nothing to cancel; no call waits. cancelled() tells that the reader gave up.
/// Errors:    InvalidStateError (set a second time, or after the reader cancelled; its future
///            taken twice).
/// Affinity:  loop.
/// Idea:      asyncio.Future.
template <typename Value = void>
class Promise {
public:
    Promise() : state_(new detail::FutureState<Value>) {}

    Promise(Promise&&) noexcept = default;

    Promise& operator=(Promise&& other) noexcept {
        if (this != &other) {
            abandon();
            state_ = std::move(other.state_);
            future_taken_ = other.future_taken_;
        }
        return *this;
    }

    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;

    ~Promise() { abandon(); }

    Future<Value> get_future() {
        if (std::exchange(future_taken_, true)) {
            throw InvalidStateError("the future of a promise is taken once");
        }
        return Future<Value>(detail::Reference<detail::CompletionOf<Value>>(state_.get()));
    }

    template <typename... Arguments>
    void set_value(Arguments&&... arguments) {
        if (!try_set_value(std::forward<Arguments>(arguments)...)) {
            throw InvalidStateError("the promise is already settled");
        }
    }

    /// As set_value(), but false where it would throw: the reader may have cancelled meanwhile.
    template <typename... Arguments>
    bool try_set_value(Arguments&&... arguments) {
        return state_->set_value(std::forward<Arguments>(arguments)...);
    }

    void set_exception(std::exception_ptr error) {
        if (!try_set_exception(std::move(error))) {
            throw InvalidStateError("the promise is already settled");
        }
    }

    bool try_set_exception(std::exception_ptr error) {
        return state_->set_exception(std::move(error));
    }

    /// Whether it is settled, by us or by a cancellation from the reader.
    [[nodiscard]] bool done() const noexcept { return state_->done(); }

    [[nodiscard]] bool cancelled() const noexcept {
        return state_->status() == detail::Completion::Status::kCancelled;
    }

private:
    void abandon() noexcept {
        if (state_ && !state_->done()) {
            if (!future_taken_) {
                state_->mark_seen();
            }
            state_->set_exception(
                std::make_exception_ptr(InvalidStateError("promise dropped without a value")));
        }
    }

    detail::Reference<detail::FutureState<Value>> state_;
    bool future_taken_ = false;
};

}  // namespace aiomisc
