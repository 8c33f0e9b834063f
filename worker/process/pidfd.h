// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <sys/types.h>

namespace aiomisc::process {

/// A descriptor that holds a process: readable once it has ended, and never another process that
/// got its id. Empty where the kernel has none (before Linux 5.3), or no such process.
UniqueFd open_pidfd(pid_t pid) noexcept;

/// Sends a signal to the process that a descriptor holds; nothing happens when it has ended.
void send_signal(const UniqueFd& pidfd, int signal) noexcept;

}  // namespace aiomisc::process
