// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace aiomisc::cli {

// Where shells evaluate what they find. bash runs commands that stand in an index there, as in
// `a[$(reboot)]`, even when the text comes out of a variable.

/// Whether the `((` that `text` begins with opens arithmetic, because its parentheses close
/// together, and not a subshell in a subshell.
bool opens_arithmetic(std::string_view text) noexcept;

/// How long the `[[ … ]]` is that `text` begins with, if it compares numbers; else 0.
std::size_t numeric_condition_length(std::string_view text) noexcept;

}  // namespace aiomisc::cli
