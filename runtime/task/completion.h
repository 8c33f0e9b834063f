// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/scheduler.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace aiomisc::detail {

/// Design of completions
///
/// A Completion is the shared side of everything that ends exactly once: a spawned task, a future,
/// a call in a worker pool. It is reference-counted (loop thread only), ends once as value, error
/// or cancelled, and tells its observers synchronously; observers only schedule, they never run
/// user code from there.
class Completion;

/// Gets told that a completion ended. Unlinks itself when it dies.
class CompletionObserver {
public:
    CompletionObserver() = default;
    CompletionObserver(const CompletionObserver&) = delete;
    CompletionObserver& operator=(const CompletionObserver&) = delete;

    virtual void on_completed(Completion& completion) noexcept = 0;

    void stop_observing() noexcept;

protected:
    ~CompletionObserver() { stop_observing(); }

private:
    friend class Completion;
    Completion* observed_ = nullptr;
    CompletionObserver* next_ = nullptr;
    CompletionObserver* previous_ = nullptr;
};

class Completion {
public:
    enum class Status : std::uint8_t { kPending, kValue, kError, kCancelled };

    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

    [[nodiscard]] Status status() const noexcept { return status_; }

    [[nodiscard]] bool done() const noexcept { return status_ != Status::kPending; }

    [[nodiscard]] CancelReason cancel_reason() const noexcept { return cancel_reason_; }

    /// The error it ended with, or null. Reading it counts as seeing it.
    [[nodiscard]] std::exception_ptr error() noexcept {
        seen_ = true;
        return error_;
    }

    /// Whether anybody looked at the outcome: an error nobody sees goes to the loop's exception
    /// handler.
    void mark_seen() noexcept { seen_ = true; }

    /// Asks it to end. A no-op once it ended.
    virtual void cancel(CancelReason reason) noexcept = 0;

    /// Appends an observer; a completion that has ended takes none.
    void observe(CompletionObserver& observer) noexcept;

    void add_reference() noexcept { ++references_; }

    void release() noexcept {
        if (--references_ == 0) {
            report_if_unseen();
            destroy();
        }
    }

    /// The name of the task that this is, if it is one.
    [[nodiscard]] virtual std::string task_name() const { return {}; }

    /// Throws the error or CancelledError it ended with; returns if it has a value.
    void throw_if_failed();

protected:
    Completion() = default;
    virtual ~Completion();

    virtual void destroy() noexcept { delete this; }

    /// What the exception handler is told when an error was never seen.
    [[nodiscard]] virtual const char* unseen_message() const noexcept {
        return "future exception was never retrieved";
    }

    /// Ends it; returns false, and changes nothing, if it had ended before.
    bool finish(Status status) noexcept;

    void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }

    void set_cancel_reason(CancelReason reason) noexcept { cancel_reason_ = reason; }

private:
    friend class CompletionObserver;
    void unlink(CompletionObserver& observer) noexcept;
    void report_if_unseen() noexcept;

    CompletionObserver* first_ = nullptr;
    CompletionObserver* last_ = nullptr;
    std::exception_ptr error_;
    std::uint32_t references_ = 0;
    Status status_ = Status::kPending;
    CancelReason cancel_reason_ = CancelReason::kRequested;
    bool seen_ = false;
};

/// Counts one reference to a Completion.
template <typename State>
class Reference {  // NOLINT(cppcoreguidelines-special-member-functions): one assignment, by value,
                   // serves both
public:
    Reference() noexcept = default;

    explicit Reference(State* state) noexcept : state_(state) {
        if (state_ != nullptr) {
            state_->add_reference();
        }
    }

    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): the analyzer counts no references
    Reference(const Reference& other) noexcept : Reference(other.state_) {}

    Reference(Reference&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

    template <typename Derived>
        requires(!std::is_same_v<Derived, State> && std::is_base_of_v<State, Derived>)
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): the analyzer counts no references
    Reference(const Reference<Derived>& other) noexcept : Reference(other.get()) {}

    Reference& operator=(Reference other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }

    ~Reference() {
        if (state_ != nullptr) {
            // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): the analyzer counts no references
            state_->release();
        }
    }

    [[nodiscard]] State* get() const noexcept { return state_; }

    State* operator->() const noexcept { return state_; }

    State& operator*() const noexcept { return *state_; }

    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    State* state_ = nullptr;
};

template <typename Value>
using Stored = std::conditional_t<std::is_void_v<Value>, std::monostate, Value>;

/// A completion with room for its value.
template <typename Value>
class CompletionOf : public Completion {
public:
    /// Moves the value out.
    /// Errors: what it ended with; InvalidStateError (not ended, or taken before).
    Stored<Value> take() {
        mark_seen();
        if (!done()) {
            throw InvalidStateError("result read before it is there");
        }
        throw_if_failed();
        if (!value_) {
            throw InvalidStateError("result taken twice");
        }
        Stored<Value> value = std::move(*value_);
        value_.reset();
        return value;
    }

protected:
    template <typename... Arguments>
    void emplace_value(Arguments&&... arguments) {
        value_.emplace(std::forward<Arguments>(arguments)...);
    }

private:
    std::optional<Stored<Value>> value_;
};

}  // namespace aiomisc::detail
