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
    bool dashed = false;             ///< there was such a `--`
};

/// Whether an option has a value. An optional one is attached: `--name=value`.
enum class ValueUse { kNone, kOptional, kRequired };

/// Of the option of that spelling; none if there is no such option.
using TakesValue = std::function<std::optional<ValueUse>(const std::string& name)>;

/// Finds where the options end, and takes bundles (`-kj4`) and `--name=value` apart. A value may be
/// empty, and may look like an option; an optional one that is not given is an empty token.
///
/// Errors:    UsageError (unknown option; value missing or unwanted).
OptionWords split_options(std::span<const std::string> words, const TakesValue& takes_value);

}  // namespace aiomisc::cli
