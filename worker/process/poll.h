// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include <poll.h>

namespace aiomisc::process {

/// poll() until a point in time, for ever without one; interruptions by signals are waited out.
///
/// Returns the number of ready entries, 0 when the time has come.
/// Errors: SystemError (out of kernel memory).
int poll_until(
    std::span<pollfd> entries, std::optional<std::chrono::steady_clock::time_point> deadline);

/// True once `fd` is ready for `events`, or broken; false when the deadline passed first.
bool wait_ready(int fd, short events, std::chrono::steady_clock::time_point deadline);

}  // namespace aiomisc::process
