// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task_core.h>

#include <string>

namespace aiomisc {

/// The task whose code runs now. Use it at once: it says nothing about the task's lifetime.
///
/// Affinity:  loop.
/// Idea:      asyncio.current_task().
class CurrentTask {
public:
    explicit CurrentTask(detail::TaskCore& core) noexcept : core_(core) {}

    [[nodiscard]] const std::string& name() const noexcept { return core_.name(); }

    void set_name(std::string name) { core_.set_name(std::move(name)); }

    /// The cancellation arrives at the next await that suspends.
    void cancel(CancelReason reason = CancelReason::kRequested) noexcept {
        core_.request_cancel(reason);
    }

private:
    detail::TaskCore& core_;
};

/// Errors: InvalidStateError (no task runs: in a callback, or outside the loop).
[[nodiscard]] CurrentTask current_task();

}  // namespace aiomisc
