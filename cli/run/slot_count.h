// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/job_slots.h>

namespace aiomisc::cli {

/// The slots of this run: as many as were asked for, if the limits of the system allow them; if
/// not, that is told on stderr.
///
/// Raises this process's limit of open files as far as it may. Jobs keep the one we were started
/// with: they descend from the zygote, which must be there already.
unsigned slots_of_run(const JobSlots& wanted, bool keeps_output = false);

}  // namespace aiomisc::cli
