// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/gather.h>

#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace aiomisc {

/// How a task ended: with a value, or with an error.
///
/// Affinity:  any thread.
template <typename Value = void>
class Settled {
public:
    using value_type = detail::Stored<Value>;

    explicit Settled(value_type value) : value_(std::move(value)) {}

    explicit Settled(std::exception_ptr error, bool cancelled = false) noexcept
        : error_(std::move(error)), cancelled_(cancelled) {}

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }

    explicit operator bool() const noexcept { return has_value(); }

    /// Errors: the error it ended with.
    value_type& value() & {
        throw_if_failed();
        return *value_;
    }

    const value_type& value() const& {
        throw_if_failed();
        return *value_;
    }

    value_type&& value() && {
        throw_if_failed();
        return *std::move(value_);
    }

    value_type& operator*() & { return value(); }

    const value_type& operator*() const& { return value(); }

    value_type&& operator*() && { return std::move(*this).value(); }

    value_type* operator->() { return &value(); }

    const value_type* operator->() const { return &value(); }

    /// What it ended with instead of a value, CancelledError included; null if it has a value.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

private:
    void throw_if_failed() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

    std::optional<value_type> value_;
    std::exception_ptr error_;
    bool cancelled_ = false;
};

namespace detail {

/// The outcome of a completion that has ended.
template <typename Value>
Settled<Value> settle(CompletionOf<Value>& completion) {
    try {
        return Settled<Value>(completion.take());
    } catch (...) {
        const bool cancelled = completion.status() == Completion::Status::kCancelled;
        return Settled<Value>(std::current_exception(), cancelled);
    }
}

}  // namespace detail

/// Starts all, and waits until all have ended; their outcomes are in the order of the arguments.
///
/// Cancel:    cancels all, and lasts until they ended.
/// Errors:    None of theirs.
/// Affinity:  loop.
/// Idea:      asyncio.gather(..., return_exceptions=True).
template <Awaitable... Awaitables>
Task<std::tuple<Settled<AwaitableValue<Awaitables>>...>> gather_settled(Awaitables... awaitables) {
    auto handles = detail::start_all(std::move(awaitables)...);
    co_await detail::wait_until_ended(detail::members_of(handles));
    co_return std::apply(
        [](auto&... handle) {
            return std::tuple<Settled<AwaitableValue<Awaitables>>...>{
                detail::settle(*handle.state())...};
        },
        handles);
}

/// As above for any number of tasks, none included.
template <typename Value>
Task<std::vector<Settled<Value>>> gather_settled(std::vector<TaskHandle<Value>> handles) {
    co_await detail::wait_until_ended(detail::members_of(handles));
    std::vector<Settled<Value>> outcomes;
    outcomes.reserve(handles.size());
    for (auto& handle : handles) {
        outcomes.push_back(detail::settle(*handle.state()));
    }
    co_return outcomes;
}

template <typename Value>
Task<std::vector<Settled<Value>>> gather_settled(std::vector<Task<Value>> tasks) {
    co_return co_await gather_settled(detail::start_all(std::move(tasks)));
}

}  // namespace aiomisc
