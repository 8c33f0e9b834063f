// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/basic_loop.h>

#include <chrono>

namespace aiomisc {

/// Everything on the loop waits for something that cannot happen any more.
class DeadlockError : public Error {
public:
    using Error::Error;
};

/// A loop whose time passes only when nothing is left to run: it jumps to the next timer.
///
/// For tests of timing policies: an hour of backoff takes no time, and comes out the same on every
/// machine. There is nothing but tasks, callbacks and timers; no descriptors, no signals, no other
/// threads. A run that could only hang fails at once with DeadlockError, which names the tasks.
///
/// Affinity:  loop.
/// Example:   tests/unit/runtime/loop/virtual_loop_test.cpp
class VirtualLoop final : public BasicLoop {
public:
    VirtualLoop() = default;
    VirtualLoop(const VirtualLoop&) = delete;
    VirtualLoop& operator=(const VirtualLoop&) = delete;
    ~VirtualLoop() override;

    /// Starts at zero.
    [[nodiscard]] TimePoint now() const noexcept override { return now_; }

    /// Cancels the tasks that are left, waits until they ended (no longer than `limit`, of virtual
    /// time), and drops callbacks. Idempotent.
    void close(Duration limit = std::chrono::seconds(10)) noexcept;

private:
    void poll(bool wait) override;

    TimePoint now_{};
};

}  // namespace aiomisc
