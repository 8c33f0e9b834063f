// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/source_words.h>

#include <span>
#include <string>

namespace aiomisc::cli {

/// What options are applied to.
struct OptionState {
    Options& options;
    Separators separators;
    bool directives = true;
};

/// An option: its spellings, its value, what it means and what it does.
struct OptionEntry {
    const char* names;    ///< `-j,--jobs`
    const char* type;     ///< what its value is called in the help; null for a flag
    const char* meaning;  ///< empty: not in the help
    /// `value` is empty for a flag. Errors: UsageError (a bad value; the option is added to it).
    void (*apply)(OptionState& state, const std::string& value);
};

/// Options that stand together in the help.
struct OptionGroup {
    const char* title;
    std::span<const OptionEntry> entries;
};

OptionGroup input_option_group();
OptionGroup command_option_group();
OptionGroup running_option_group();
OptionGroup output_option_group();
OptionGroup reporting_option_group();
OptionGroup general_option_group();

}  // namespace aiomisc::cli
