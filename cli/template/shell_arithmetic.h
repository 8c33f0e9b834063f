// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace aiomisc::cli {

// Where shells evaluate what they find. bash runs commands that stand in an index there, as in
// `a[$(reboot)]`, even when the text comes out of a variable. In doubt it is said to be evaluated:
// that costs a refusal, and the other answer could run an item.

/// Whether the `((` that `text` begins with opens arithmetic, because its parentheses close
/// together, and not a subshell in a subshell.
bool opens_arithmetic(std::string_view text);

/// How long the `[[ … ]]` is that `text` begins with, if it compares numbers or has a -v; else 0.
std::size_t numeric_condition_length(std::string_view text);

/// How long the index with its brackets is that `text` begins with, if it is assigned to, as in
/// `[…]=1` or `[…]+=1`; else 0.
std::size_t assigned_index_length(std::string_view text);

/// How long the command is at `at` that evaluates its words: `let …`, `test -v …`, `[ -v … ]`;
/// else 0.
std::size_t evaluating_command_length(std::string_view text, std::size_t at);

}  // namespace aiomisc::cli
