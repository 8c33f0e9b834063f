// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// Text as a field of the TSV log, on one line whatever it holds: backslash, tab, newline and
/// carriage return become `\\`, `\t`, `\n` and `\r`.
std::string escape_field(std::string_view text);

/// The text that was escaped; none if it never was.
std::optional<std::string> unescape_field(std::string_view field);

}  // namespace aiomisc::cli
