// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/template/placeholder_set.h>

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aiomisc::cli {

/// Text with placeholders in it that is filled in as it stands: tags, module arguments, words that
/// are executed without a shell.
class TextTemplate {
public:
    /// Errors:    UsageError (see PlaceholderSet::match()).
    TextTemplate(std::string_view text, const PlaceholderSet& placeholders);

    /// Several values of one placeholder are joined by a blank.
    [[nodiscard]] std::string fill(const JobInput& input, unsigned slot) const;

    /// The same, with `as` applied to each value before it is put in, and to an empty one for a
    /// placeholder that has none.
    [[nodiscard]] std::string fill(
        const JobInput& input,
        unsigned slot,
        const std::function<std::string(std::string_view value)>& as) const;

    /// What stands before the first placeholder.
    [[nodiscard]] std::string_view leading_text() const noexcept;

    /// The text once for each item of the job, as -X repeats it: `{}` stands for that item alone.
    [[nodiscard]] std::vector<std::string> fill_each(const JobInput& input, unsigned slot) const;

    [[nodiscard]] bool has_placeholder() const noexcept;

    /// Whether JobInput::total must be known.
    [[nodiscard]] bool needs_total() const noexcept;

    /// The placeholder, if the text is nothing else.
    [[nodiscard]] const Placeholder* sole_placeholder() const noexcept;

    /// Whether its one placeholder is an item as it is.
    [[nodiscard]] bool has_only_whole_item() const noexcept;

    /// Whether several items would be joined here.
    [[nodiscard]] bool embeds_all_items() const noexcept;

private:
    std::vector<std::variant<std::string, Placeholder>> pieces_;
};

}  // namespace aiomisc::cli
