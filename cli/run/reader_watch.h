// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>

namespace aiomisc::cli {

/// Waits until nobody can read any more what is written to `fd`, and returns true; returns false,
/// sooner or later, where that cannot be told: of a file, a terminal, a socket whose other end only
/// stopped sending.
///
/// Cancel:    ends at once.
/// Errors:    SystemError (no descriptor is free).
Task<bool> reader_gone(int fd);

}  // namespace aiomisc::cli
