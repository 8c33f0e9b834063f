// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/control_messages.h>

namespace aiomisc::process {

/// Limits this process, and what it forks or executes.
/// Errors: SystemError (the kernel refuses one; the subject names it).
/// Affinity: fork-child.
void apply_limits(const ResourceLimits& limits);

}  // namespace aiomisc::process
