// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/condition.h>

#include <limits>
#include <optional>
#include <string>

namespace aiomisc {

/// Waits for a notification. Says in `notified` whether it came, cancelled or not.
class Condition::Waiting final : public detail::ListWaiter {
public:
    Waiting(detail::WaitList& waiters, bool& notified) noexcept
        : ListWaiter(waiters), notified_(notified) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    void await_resume() {
        const bool cancelled = resumed();
        notified_ = granted();
        if (cancelled) {
            throw_cancelled();
        }
    }

private:
    bool& notified_;
};

Task<> Condition::wait() {
    check_locked("wait for");
    lock_.release();
    bool notified = false;
    std::optional<CancelledError> cancelled;
    try {
        co_await Waiting(waiters_, notified);
    } catch (const CancelledError& error) {
        cancelled = error;
    }
    // The caller holds the lock whichever way this ends.
    for (bool locked = false; !locked;) {
        try {
            co_await lock_.acquire();
            locked = true;
        } catch (const CancelledError& error) {
            cancelled = error;
        }
    }
    if (cancelled) {
        if (notified) {
            wake(1);
        }
        throw CancelledError(cancelled->reason());
    }
}

void Condition::notify(std::size_t count) {
    check_locked("notify");
    wake(count);
}

void Condition::notify_all() {
    notify(std::numeric_limits<std::size_t>::max());
}

void Condition::check_locked(const char* operation) const {
    if (!lock_.locked()) {
        throw InvalidStateError(std::string(operation) + " a condition that is not locked");
    }
}

void Condition::wake(std::size_t count) noexcept {
    for (; count > 0 && !waiters_.empty(); --count) {
        waiters_.grant(*waiters_.first());
    }
}

}  // namespace aiomisc
