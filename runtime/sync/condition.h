// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/lock.h>
#include <aiomisc/runtime/sync/wait_list.h>

#include <cstddef>
#include <utility>

namespace aiomisc {

/// Lets tasks wait for a change of what a lock protects.
///
///     auto held = co_await condition.scoped();
///     co_await condition.wait([&] { return !orders.empty(); });
///
/// Affinity:  loop.
/// Idea:      asyncio.Condition.
class Condition {
public:
    /// With a lock of its own.
    Condition() noexcept : lock_(own_lock_) {}

    /// With a lock shared with others, which must outlive this.
    explicit Condition(Lock& lock) noexcept : lock_(lock) {}

    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;
    ~Condition() = default;

    auto acquire() { return lock_.acquire(); }

    auto scoped() { return lock_.scoped(); }

    void release() { lock_.release(); }

    [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }

    /// Releases the lock, waits to be notified, and takes the lock again.
    ///
    /// Cancel:    lasts until the lock is taken again; a notification that had come is handed on.
    /// Errors:    InvalidStateError (not locked).
    Task<> wait();

    /// wait() until `predicate()` holds; returns at once if it does.
    template <typename Predicate>
    Task<> wait(Predicate predicate) {
        while (!predicate()) {
            co_await wait();
        }
    }

    /// Wakes the `count` tasks that have waited longest. The lock must be held.
    /// Errors: InvalidStateError (not locked).
    void notify(std::size_t count = 1);

    /// Errors: InvalidStateError (not locked).
    void notify_all();

private:
    class Waiting;

    void check_locked(const char* operation) const;
    void wake(std::size_t count) noexcept;

    Lock own_lock_;
    Lock& lock_;
    detail::WaitList waiters_;
};

}  // namespace aiomisc
