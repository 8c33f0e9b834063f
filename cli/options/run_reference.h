// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/reference/command_reference.h>

namespace aiomisc::cli {

/// aiomisc-run for its users: the options from their tables, and what else there is to look up.
CommandReference run_reference();

}  // namespace aiomisc::cli
