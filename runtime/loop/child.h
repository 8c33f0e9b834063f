// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>

#include <chrono>
#include <cstddef>
#include <optional>

#include <sys/types.h>

namespace aiomisc {

/// How a child process ended, and what it used.
struct ChildExit {
    pid_t pid = 0;
    std::optional<int> code{};    ///< what it gave to exit(); none when a signal killed it
    std::optional<int> signal{};  ///< the signal that killed it
    bool core_dumped = false;
    std::chrono::microseconds user_time{};
    std::chrono::microseconds system_time{};
    std::size_t max_rss_bytes = 0;

    [[nodiscard]] bool success() const noexcept { return code == 0; }
};

/// Waits until a child of ours has ended, and reaps it: this one, and no other.
///
/// Needs no SIGCHLD handler and installs none. Two tasks must not wait for the same child.
///
/// Cancel:    ends at once; the child goes on, and is not reaped.
/// Errors:    SystemError (not a child of this process; reaped by others; no descriptor free);
///            std::invalid_argument (not the pid of one process).
/// Affinity:  loop, an EventLoop.
/// Idea:      asyncio's PidfdChildWatcher.
Task<ChildExit> wait_child(pid_t pid);

}  // namespace aiomisc
