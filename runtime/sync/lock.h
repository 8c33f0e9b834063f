// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/permit.h>

namespace aiomisc {

/// A mutual exclusion between tasks of one loop, kept across awaits.
///
///     auto held = co_await lock.scoped();
///
/// Ownership passes to the oldest waiter; nobody overtakes it. Not recursive.
///
/// Affinity:  loop.
/// Idea:      asyncio.Lock.
class Lock {
public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() = default;

    /// Waits until the lock is ours; release() gives it back.
    ///
    /// Cancel:    ends at once; the lock was not taken.
    auto acquire() {
        return detail::Operation<void, detail::TakingPlain, detail::Permits*>(&permits_);
    }

    /// The same, with an object that releases the lock when it dies.
    ///
    /// Cancel:    ends at once; the lock was not taken.
    auto scoped() {
        return detail::Operation<Permit, detail::TakingScoped, detail::Permits*>(&permits_);
    }

    [[nodiscard]] bool try_acquire() noexcept { return permits_.try_take(); }

    /// Errors: InvalidStateError (not locked).
    void release();

    [[nodiscard]] bool locked() const noexcept { return permits_.available() == 0; }

private:
    detail::Permits permits_{1, 1};
};

}  // namespace aiomisc
