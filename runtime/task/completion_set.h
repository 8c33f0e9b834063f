// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

namespace aiomisc::detail {

/// What a wait for several completions lasts until.
enum class Until {
    kAll,           ///< all have ended
    kFirst,         ///< one has ended
    kFirstError,    ///< one has ended with an error other than cancellation, or all have ended
    kFirstFailure,  ///< one has ended with an error or was cancelled, or all have ended
};

/// Several completions that one task waits for: the common part of wait(), gather() and select().
///
/// Observes its members from construction to destruction, with one allocation for all of them. It
/// holds references, not handles: forgetting a member does not cancel it.
class CompletionSet {
public:
    using Members = std::vector<Reference<Completion>>;

    explicit CompletionSet(const Members& members);
    CompletionSet(const CompletionSet&) = delete;
    CompletionSet& operator=(const CompletionSet&) = delete;
    ~CompletionSet() = default;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// How many have not ended.
    [[nodiscard]] std::size_t pending() const noexcept { return pending_; }

    [[nodiscard]] Completion& operator[](std::size_t index) const noexcept {
        return *links_[index].completion;
    }

    /// The member that ended first; in the order of the members, those that had ended before.
    [[nodiscard]] std::optional<std::size_t> first_ended() const noexcept { return first_ended_; }

    [[nodiscard]] std::optional<std::size_t> first_error() const noexcept { return first_error_; }

    [[nodiscard]] std::optional<std::size_t> first_failure() const noexcept {
        return first_failure_;
    }

    [[nodiscard]] bool satisfies(Until until) const noexcept;

    /// Asks all members that have not ended to end.
    void cancel_pending(CancelReason reason) noexcept;

    /// Errors of the members are nobody's business from here on.
    void mark_all_seen() noexcept;

    /// Awaits `until`, no longer than `timeout`; false is a timeout. Cancelled, it leaves the
    /// members alone.
    [[nodiscard]] auto wait(Until until, std::optional<Duration> timeout = std::nullopt);

    /// Awaits `until`, no longer than `timeout`; false is a timeout. Cancelled, it cancels the
    /// members, awaits the end of all, and throws the first error of a member, or CancelledError.
    Task<bool> wait_as_owner(Until until, std::optional<Duration> timeout = std::nullopt);

private:
    class Waiting;

    struct Link final : CompletionObserver {
        void on_completed(Completion&) noexcept override { set->member_ended(*this); }

        CompletionSet* set = nullptr;
        Reference<Completion> completion;
    };

    void member_ended(const Link& link) noexcept;
    void count(std::size_t index) noexcept;

    std::unique_ptr<Link[]> links_;
    std::size_t size_;
    std::size_t pending_ = 0;
    std::optional<std::size_t> first_ended_;
    std::optional<std::size_t> first_error_;
    std::optional<std::size_t> first_failure_;
    Waiting* waiting_ = nullptr;
};

/// The task that waits for a set.
class CompletionSet::Waiting final : public Waiter, private TimerNode {
public:
    Waiting(CompletionSet& set, Until until, std::optional<Duration> timeout, bool owner) noexcept
        : set_(set), until_(until), timeout_(timeout), owner_(owner) {}

    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting();

    [[nodiscard]] bool await_ready() const noexcept { return set_.satisfies(until_); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        return suspend(handle);
    }

    bool await_resume();

    void member_ended() noexcept;

private:
    void park() override;
    bool unpark(CancelReason reason) noexcept override;
    void expire() noexcept override;

    CompletionSet& set_;
    Until until_;
    std::optional<Duration> timeout_;
    std::optional<CancelReason> passed_on_;
    bool owner_;
    bool timed_out_ = false;
};

/// The completions behind handles, in their order.
template <typename... Values>
CompletionSet::Members members_of(const std::tuple<TaskHandle<Values>...>& handles) {
    return std::apply(
        [](const auto&... handle) { return CompletionSet::Members{handle.state()...}; }, handles);
}

template <typename Value>
CompletionSet::Members members_of(const std::vector<TaskHandle<Value>>& handles) {
    CompletionSet::Members members;
    members.reserve(handles.size());
    for (const auto& handle : handles) {
        members.push_back(handle.state());
    }
    return members;
}

/// Waits until all have ended. Cancelled, it cancels them, and lasts until they ended.
Task<> wait_until_ended(CompletionSet::Members members);

inline auto CompletionSet::wait(Until until, std::optional<Duration> timeout) {
    return Waiting(*this, until, timeout, false);
}

}  // namespace aiomisc::detail
