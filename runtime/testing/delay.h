// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>

namespace aiomisc::testing {

/// A wait whose length can be changed while somebody waits.
///
/// Affinity:  loop.
/// Idea:      Delay of aiomisc-pytest.
class Delay {
public:
    explicit Delay(Duration delay = Duration::zero()) noexcept : delay_(delay) {}

    /// Who waits now is let go at once.
    void set(Duration delay) noexcept;

    [[nodiscard]] Duration get() const noexcept { return delay_; }

    /// Cancel: ends at once.
    Task<> wait();

private:
    Duration delay_;
    Event changed_;
};

/// True, after `delay`.
/// Cancel: ends at once.
Task<bool> delayed(Duration delay);

}  // namespace aiomisc::testing
