// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::detail {

/// In a child forked while this thread ran a loop: the thread runs none any more. The memory of the
/// old one stays as it is; nothing of it may be used.
///
/// Affinity:  fork-child.
void forget_loop_after_fork() noexcept;

}  // namespace aiomisc::detail
