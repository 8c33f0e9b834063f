// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/wait_list.h>

#include <cstddef>
#include <utility>

namespace aiomisc {

namespace detail {

/// A number of permits, and the tasks that wait for one: what a lock and a semaphore have in
/// common.
///
/// A permit that comes back goes to the oldest waiter at once, so there are free permits only while
/// nobody waits.
class Permits {
public:
    class Taking;

    Permits(std::size_t available, std::size_t limit) noexcept
        : available_(available), limit_(limit) {}

    [[nodiscard]] std::size_t available() const noexcept { return available_; }

    /// Whether one more can be given back.
    [[nodiscard]] bool at_limit() const noexcept { return available_ == limit_; }

    bool try_take() noexcept {
        if (available_ == 0) {
            return false;
        }
        --available_;
        return true;
    }

    void give_back() noexcept;

private:
    WaitList waiters_;
    std::size_t available_;
    std::size_t limit_;
};

class Permits::Taking : public ListWaiter {
public:
    [[nodiscard]] bool await_ready() const noexcept { return permits_.try_take(); }

protected:
    explicit Taking(Permits* permits) noexcept
        : ListWaiter(permits->waiters_), permits_(*permits) {}

    ~Taking() = default;

    /// Returns with a permit, or throws without one.
    Permits& take() {
        if (resumed()) {
            if (granted()) {
                permits_.give_back();
            }
            throw_cancelled();
        }
        return permits_;
    }

private:
    Permits& permits_;
};

}  // namespace detail

/// Holds a lock, or one permit of a semaphore, and gives it back when it dies.
///
/// Made by Lock::scoped() and Semaphore::scoped(), which must outlive it.
///
/// Affinity:  loop.
class [[nodiscard("the permit is given back at once")]] Permit {
public:
    Permit() noexcept = default;

    explicit Permit(detail::Permits& permits) noexcept : permits_(&permits) {}

    Permit(Permit&& other) noexcept : permits_(std::exchange(other.permits_, nullptr)) {}

    Permit& operator=(Permit&& other) noexcept {
        if (this != &other) {
            release();
            permits_ = std::exchange(other.permits_, nullptr);
        }
        return *this;
    }

    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

    ~Permit() { release(); }

    explicit operator bool() const noexcept { return permits_ != nullptr; }

    /// Gives it back now. Idempotent.
    void release() noexcept {
        if (permits_ != nullptr) {
            std::exchange(permits_, nullptr)->give_back();
        }
    }

private:
    detail::Permits* permits_ = nullptr;
};

namespace detail {

class TakingPlain final : public Permits::Taking {
public:
    explicit TakingPlain(Permits* permits) noexcept : Taking(permits) {}

    void await_resume() { take(); }
};

class TakingScoped final : public Permits::Taking {
public:
    explicit TakingScoped(Permits* permits) noexcept : Taking(permits) {}

    Permit await_resume() { return Permit(take()); }
};

}  // namespace detail

}  // namespace aiomisc
