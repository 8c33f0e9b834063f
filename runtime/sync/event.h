// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/wait_list.h>

namespace aiomisc {

/// A flag that tasks wait for.
///
/// set() wakes all that wait at that moment, even if clear() follows at once.
///
/// Affinity:  loop.
/// Idea:      asyncio.Event.
class Event {
    class Waiting;

public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() = default;

    [[nodiscard]] bool is_set() const noexcept { return set_; }

    void set() noexcept;

    void clear() noexcept { set_ = false; }

    /// Waits until the flag is set; returns at once if it is.
    ///
    /// Cancel:    ends at once.
    auto wait() { return detail::Operation<void, Waiting, Event*>(this); }

private:
    detail::WaitList waiters_;
    bool set_ = false;
};

class Event::Waiting final : public detail::ListWaiter {
public:
    explicit Waiting(Event* event) noexcept : ListWaiter(event->waiters_), event_(*event) {}

    [[nodiscard]] bool await_ready() const noexcept { return event_.set_; }

    void await_resume() {
        if (resumed()) {
            throw_cancelled();
        }
    }

private:
    Event& event_;
};

}  // namespace aiomisc
