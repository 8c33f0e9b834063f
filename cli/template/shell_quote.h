// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// `text` as one word of a POSIX shell, quoted only where it must be.
std::string shell_quote(std::string_view text);

/// Words joined by blanks, each quoted.
std::string shell_join(const std::vector<std::string>& words);

/// `text` as it is written inside '…'.
std::string escape_single_quoted(std::string_view text);

/// `text` as it is written where `special` characters must have a backslash before them.
std::string escape_with_backslash(std::string_view text, std::string_view special);

}  // namespace aiomisc::cli
