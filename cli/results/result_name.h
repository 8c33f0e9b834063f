// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// An item as a name of a file: never a path, never hidden, never nothing, and never the name of
/// another item.
///
///     a/b → a\_b    \ → \\    (nothing) → \e    ..   → \..    .x → \.x    ESC → \x1b
///
/// The first two are GNU parallel's rule.
std::string escape_name(std::string_view item);

/// The longest name that file systems take.
inline constexpr std::size_t kLongestName = 255;

/// `name`, or if it is longer than `limit` its beginning, `\#` and the SHA-256 of all of it, which
/// no escaped name holds.
std::string fit_name(std::string name, std::size_t limit);

}  // namespace aiomisc::cli
