// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>

namespace aiomisc::cli {

/// Short job functions are handed to the workers several at a time, since the way there costs more
/// than they do. So many are with the workers for each slot then, the one that runs included.
inline constexpr unsigned kJobsTogether = 16;

/// Whether jobs may be handed out before they can run. Not where an option says when a job starts,
/// what a job's end means for those behind it, or in which slot it is; nor where each is shown when
/// it starts.
[[nodiscard]] bool may_run_ahead(const Options& options);

}  // namespace aiomisc::cli
