// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/permit.h>

#include <cstddef>
#include <limits>

namespace aiomisc {

/// A number of permits; who wants one when none is free waits in line.
///
///     auto permit = co_await semaphore.scoped();
///
/// Affinity:  loop.
/// Idea:      asyncio.Semaphore.
class Semaphore {
public:
    explicit Semaphore(std::size_t value = 1) noexcept
        : Semaphore(value, std::numeric_limits<std::size_t>::max()) {}

    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() = default;

    /// Waits for a permit; release() gives it back.
    ///
    /// Cancel:    ends at once; no permit was taken.
    auto acquire() {
        return detail::Operation<void, detail::TakingPlain, detail::Permits*>(&permits_);
    }

    /// The same, with an object that gives the permit back when it dies.
    ///
    /// Cancel:    ends at once; no permit was taken.
    auto scoped() {
        return detail::Operation<Permit, detail::TakingScoped, detail::Permits*>(&permits_);
    }

    [[nodiscard]] bool try_acquire() noexcept { return permits_.try_take(); }

    /// Gives a permit back, or adds one that was not there before.
    /// Errors: InvalidStateError (a BoundedSemaphore has all of its permits).
    void release();

    /// Whether no permit is free.
    [[nodiscard]] bool locked() const noexcept { return permits_.available() == 0; }

    /// How many are free.
    [[nodiscard]] std::size_t value() const noexcept { return permits_.available(); }

protected:
    Semaphore(std::size_t value, std::size_t limit) noexcept : permits_(value, limit) {}

private:
    detail::Permits permits_;
};

/// A semaphore that never has more permits than at first: one release() too many is an error.
///
/// Idea:      asyncio.BoundedSemaphore.
class BoundedSemaphore : public Semaphore {
public:
    explicit BoundedSemaphore(std::size_t value = 1) noexcept : Semaphore(value, value) {}
};

}  // namespace aiomisc
