// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// Splits text into words as a POSIX shell would, with quotes and backslashes and without any
/// expansion.
///
/// Errors:    UsageError (a quote is not closed).
std::vector<std::string> split_words(std::string_view text);

}  // namespace aiomisc::cli
