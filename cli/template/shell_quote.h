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

/// `text` as it is written inside "…", and in a here-document.
std::string escape_double_quoted(std::string_view text, bool here_document = false);

/// Shell text as it is written inside `…`, where one level of backslashes is taken off.
std::string escape_backquoted(std::string_view text);

}  // namespace aiomisc::cli
