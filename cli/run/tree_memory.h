// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace aiomisc::cli {

/// Whether a process and all its descendants hold more than `limit` bytes of memory together.
///
/// What several of them share counts once, as far as the system tells (`Pss` in proc(5)); that is
/// looked at only when their resident sizes together are above the limit, because it is slower.
///
/// Affinity:  any thread.
bool tree_exceeds(pid_t root, std::uint64_t limit);

}  // namespace aiomisc::cli
