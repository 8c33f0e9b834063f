// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>

namespace aiomisc::cli {

/// What can be known to fail before the first job is started, and would cost the more the later it
/// did: a folder for long output that is none, a shell that cannot be executed, a job log or a
/// table of results in place of a file that is read.
///
/// Errors: UsageError, which names the option.
void check_surroundings(const Options& options);

}  // namespace aiomisc::cli
