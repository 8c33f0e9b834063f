// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/template/placeholder.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// The placeholder at the front of a text, and how long it is.
struct PlaceholderMatch {
    Placeholder placeholder;
    std::size_t length = 0;
};

/// The placeholders that the templates of a run may hold, and how they are written.
///
///     {[WHICH][EDIT]}     WHICH: 2, -1, or the name of a column; without it, all items
///                         EDIT: a part of a path; with --plus one of those; one of --define
///     {#} {%}             and with --plus {##} {0#} {0%}
///
/// What a user has typed goes before what a file says: a column whose name is `#` or `1` changes
/// nothing and is reached by its position.
class PlaceholderSet {
public:
    /// `{}` and what is always there.
    PlaceholderSet() = default;

    /// `columns` are the names of the items of each job, by position. Those that are empty or have
    /// a brace in them are no placeholders. `slots` is how many jobs run at a time.
    PlaceholderSet(
        const TemplateOptions& options, std::vector<std::string> columns, unsigned slots);

    /// Errors:    UsageError (columns of that name are there twice; a bad regular expression).
    [[nodiscard]] std::optional<PlaceholderMatch> match(std::string_view text) const;

    /// How `{}` is written, which -I changes.
    [[nodiscard]] const std::string& whole() const noexcept { return whole_; }

private:
    struct Column {
        std::string name;
        int position = 0;
    };

    [[nodiscard]] std::optional<Placeholder> number(std::string_view inside) const;
    [[nodiscard]] std::optional<Placeholder> item(std::string_view inside) const;
    [[nodiscard]] std::optional<Placeholder> column(std::string_view inside) const;
    [[nodiscard]] std::optional<ItemEdit> edit(std::string_view name) const;

    std::string whole_ = "{}";
    bool plus_ = false;
    std::vector<ItemEdit> defined_;
    std::vector<Column> columns_;  // those with long names first
    unsigned slot_width_ = 1;
};

}  // namespace aiomisc::cli
