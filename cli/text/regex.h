// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// A regular expression in the syntax of RE2: that of Perl, without what needs backtracking, so
/// that the time is linear in the text whatever the expression is.
///
/// Text that is UTF-8 is matched by characters, all other text by bytes. Copies share what was
/// compiled.
class Regex {
public:
    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
    };

    /// Errors:    UsageError (it is none; says why).
    explicit Regex(const std::string& pattern, bool ignore_case = false);

    /// The leftmost match.
    [[nodiscard]] std::optional<Match> find(std::string_view text) const;

    /// All matches that are not empty, from the left, none within another.
    [[nodiscard]] std::vector<Match> matches(std::string_view text) const;

    /// `text` with the first match, or every one, replaced. In `rewrite`, `\0` is the match, `\1`
    /// to `\9` are its groups, `\\` is a backslash.
    [[nodiscard]] std::string replaced(
        std::string_view text, const std::string& rewrite, bool every) const;

    /// Errors:    UsageError (`rewrite` refers to a group that is not there).
    void check_rewrite(const std::string& rewrite) const;

private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

/// Text that, as a rewrite, stands for itself.
std::string escape_rewrite(std::string_view text);

}  // namespace aiomisc::cli
