// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/log/log_file.h>
#include <aiomisc/runtime/task/task.h>

namespace aiomisc::cli {

/// Brings what was appended to `file` to the disk, once a second, until cancelled. A thread waits
/// for the disk, so that the loop does not.
///
/// Cancel:    ends at once; a sync that has begun ends by itself, and LogFile::sync() tells its
/// error. Errors:    SystemError (the disk fails). Affinity:  loop. `file` must outlive the task.
Task<> keep_synced(LogFile& file);

}  // namespace aiomisc::cli
