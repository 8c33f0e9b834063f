// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/source_words.h>

#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>

namespace aiomisc::cli {

bool Separators::contains(const std::string& word) const {
    return word == items || word == files || word == items + "+" || word == files + "+";
}

SplitWords split_sources(std::span<const std::string> words, const Separators& separators) {
    const auto is_separator = [&](const std::string& word) { return separators.contains(word); };
    SplitWords split;
    auto at = std::find_if(words.begin(), words.end(), is_separator);
    split.command.assign(words.begin(), at);
    while (at != words.end()) {
        const std::string& separator = *at++;
        const bool linked = separator.ends_with('+') && separator != separators.items &&
                            separator != separators.files;
        const bool files = separator.starts_with(separators.files) &&
                           (separator == separators.files || separator == separators.files + "+");
        if (linked && split.sources.empty()) {
            throw UsageError(
                "'" + separator + "' links to the source before it, and there is none");
        }
        const auto end = std::find_if(at, words.end(), is_separator);
        if (!files) {
            split.sources.push_back(
                {.kind = SourceSpec::Kind::kItems, .items = {at, end}, .linked = linked});
        }
        for (; files && at != end; ++at) {
            split.sources.push_back(
                {.kind = SourceSpec::Kind::kFile, .path = *at, .linked = linked});
        }
        at = end;
    }
    return split;
}

}  // namespace aiomisc::cli
