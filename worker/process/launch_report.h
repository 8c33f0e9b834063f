// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/control_messages.h>

#include <atomic>

namespace aiomisc::process {

/// How far a child came between fork and exec, in memory that both processes share, whichever way
/// the one was forked from the other. Read when the child is reaped.
class LaunchReport {
public:
    /// Errors: SystemError (no memory).
    LaunchReport();
    ~LaunchReport();
    LaunchReport(const LaunchReport&) = delete;
    LaunchReport& operator=(const LaunchReport&) = delete;

    /// In the child, when a step failed.
    void fail(LaunchStep step, int error) noexcept;

    /// The step that failed, kNone if all went well.
    [[nodiscard]] LaunchStep step() const noexcept;
    [[nodiscard]] int error() const noexcept;

private:
    struct Shared {
        std::atomic<int> step{0};
        std::atomic<int> error{0};
    };

    Shared* shared_;
};

}  // namespace aiomisc::process
