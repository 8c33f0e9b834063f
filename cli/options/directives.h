// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// The options that a job file carries in its leading comments:
///
///     // aiomisc: --jobs 4 --cxxflags=-ljpeg        in a C++ source
///     # aiomisc: --timeout 10                       in a script with a #! line
///
/// Only blank lines and comments may stand before them, and only the first 32 KiB are read.
/// `target` is a path, or a name to look up in PATH; anything but a C++ source or a script has
/// none.
///
/// Errors:    UsageError (a quote is not closed).
std::vector<std::string> read_directives(const std::string& target);

/// The same for the text of a file; `comment` is what begins a comment.
std::vector<std::string> parse_directives(std::string_view text, std::string_view comment);

}  // namespace aiomisc::cli
