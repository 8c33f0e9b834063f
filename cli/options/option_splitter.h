// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// The option words at the front of a command line, an option or a value in each token.
struct OptionWords {
    std::vector<std::string> tokens;
    std::vector<std::string> names;  ///< the options among the tokens, as they were spelled
    std::size_t count = 0;           ///< how many words they were, a final `--` included
};

/// Whether an option of that spelling takes a value; none if there is no such option.
using TakesValue = std::function<std::optional<bool>(const std::string& name)>;

/// Finds where the options end, and takes bundles (`-kj4`) and `--name=value` apart. A value may be
/// empty, and may look like an option.
///
/// Errors:    UsageError (unknown option; value missing or unwanted).
OptionWords split_options(std::span<const std::string> words, const TakesValue& takes_value);

}  // namespace aiomisc::cli
