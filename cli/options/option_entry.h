// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/source_words.h>

#include <span>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// What options are applied to.
struct OptionState {
    Options& options;
    Separators separators;
    bool directives = true;
};

/// An option: its spellings, its value, what it means and what it does.
struct OptionEntry {
    const char* names;  ///< `-j,--jobs`
    /// What its value is called in the help; null for a flag. Plain words in `auto|always|never`
    /// are completed by shells. `[=…]` is a flag that may have a value behind a `=`.
    const char* type;
    const char* meaning;  ///< empty: not in the help
    /// `value` is empty for a flag. Errors: UsageError (a bad value; the option is added to it).
    void (*apply)(OptionState& state, const std::string& value);
};

/// Options that stand together in the help.
struct OptionGroup {
    const char* title;
    std::span<const OptionEntry> entries;
};

/// All of them, in the order of the help.
std::vector<OptionGroup> option_groups();

OptionGroup input_option_group();
OptionGroup command_option_group();
OptionGroup running_option_group();
OptionGroup limit_option_group();
OptionGroup output_option_group();
OptionGroup reporting_option_group();
OptionGroup general_option_group();

}  // namespace aiomisc::cli
