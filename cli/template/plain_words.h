// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/template/placeholder_set.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// The words of a command that has no shell syntax at all, so that executing them directly does
/// what a shell would do, at half the cost. None if a shell is needed.
///
/// Placeholders count as plain text. The first word must name a program and be nothing that a shell
/// would do by itself in another way than the program of that name (`cd`, `exit`, `ulimit`, …).
std::optional<std::vector<std::string>> plain_words(
    std::string_view text, const PlaceholderSet& placeholders);

}  // namespace aiomisc::cli
