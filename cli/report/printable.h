// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// Text of an item, a path or an exception as it may go to a terminal or into a line of a log:
/// control characters, line ends, invisible direction marks and bytes that are not UTF-8 are shown
/// escaped (`\n`, `\x1b`, `\u202e`). A backslash stays as it is: this is for reading, not for
/// reading back.
std::string printable(std::string_view text);

/// Takes one character off the front of `text`. None if no valid UTF-8 is there; then `text` is
/// left alone.
std::optional<char32_t> take_utf8(std::string_view& text) noexcept;

bool is_utf8(std::string_view text) noexcept;

}  // namespace aiomisc::cli
