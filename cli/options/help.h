// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/usage_error.h>

#include <string>

namespace aiomisc::cli {

/// The answer to --help: one screen, by example.
std::string short_help();

/// What stderr gets for a wrong command line: the error, a line of usage, where to read more.
std::string usage_message(const UsageError& error);

}  // namespace aiomisc::cli
