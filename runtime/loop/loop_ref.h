// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>

#include <memory>

namespace aiomisc {

class EventLoop;

namespace detail {

class LoopMailbox;

}  // namespace detail

/// A loop as other threads may keep it: it may close, or be destroyed, at any time.
///
/// Affinity:  any thread; made from an EventLoop on the loop's thread, or while it cannot close.
/// Example:   tests/unit/runtime/loop/loop_ref_test.cpp
class LoopRef {
public:
    /// No loop: as one that is closed.
    LoopRef() noexcept = default;

    /// Not explicit: a loop is what functions that take a LoopRef are about.
    LoopRef(EventLoop& loop) noexcept;  // NOLINT(google-explicit-constructor)

    /// Whether it stands for a loop, be it closed.
    explicit operator bool() const noexcept { return static_cast<bool>(mailbox_); }

    /// As EventLoop::call_soon_threadsafe(), but false if the loop is closed. `function` is
    /// destroyed then, by the caller's thread. One that the loop took, but closed before running,
    /// is destroyed by the loop's thread.
    bool call_soon_threadsafe(UniqueFunction<void()> function) const;

    /// Whether the loop is closed, or there is none. An open one may close at any moment.
    [[nodiscard]] bool closed() const noexcept;

    /// Whether the calling thread runs this loop now: a wait for it would never end.
    [[nodiscard]] bool is_current() const noexcept;

private:
    std::shared_ptr<detail::LoopMailbox> mailbox_;
};

}  // namespace aiomisc
