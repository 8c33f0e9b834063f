// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// When files changed: `ctime`, which follows every change of content, name and times, and which
// nobody can set. All times are in nanoseconds since the epoch.
namespace aiomisc::cli {

/// A moment that tells changes before it from those after it. The clock that stamps files goes in
/// steps of some milliseconds; one of them is waited for, so that whatever changed before the call
/// has an earlier time.
std::int64_t change_time_now();

/// Whether a file with this change time has surely not changed since `moment`. Where a file system
/// keeps whole seconds alone, what changed in the same ones is in doubt.
bool changed_before(std::int64_t changed_ns, std::int64_t moment) noexcept;

}  // namespace aiomisc::cli
