// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/template/shell_lexer.h>
#include <aiomisc/cli/template/shown_value.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// A script and the positional parameters it is started with.
struct ShellScript {
    std::string script;
    std::vector<std::string> values;
};

/// Shell text with placeholders, filled so that no item ever becomes part of the text.
///
/// Each value is a positional parameter. The script first moves them into unexported variables and
/// clears `$@`, then refers to them in the way the quoting around the placeholder asks for:
///
///     echo "{}" '{.}'   →   __ar1=$1;__ar2=$2;set --;echo "${__ar1}" ''"${__ar2}"''
///
/// A placeholder that is the first word is the command itself and is left unquoted, so that its
/// value splits into words; it is not parsed either.
class ShellTemplate {
public:
    /// With `repeat_words` (-X) a word that has a placeholder for all items in it is written once
    /// for each of them.
    ///
    /// Errors:    UsageError (see lex_shell()).
    ShellTemplate(
        std::string_view text, const PlaceholderSet& placeholders, bool repeat_words = false);

    /// Words that the shell takes as they stand, around the placeholders in them.
    ///
    /// Errors:    UsageError (see PlaceholderSet::match()).
    static ShellTemplate of_words(
        const std::vector<std::string>& words,
        const PlaceholderSet& placeholders,
        bool repeat_words = false);

    /// Errors:    Error (a value in arithmetic is not an integer: evaluating it could run code).
    [[nodiscard]] ShellScript fill(const JobInput& input, unsigned slot) const;

    /// What a POSIX shell runs to the same effect: with the values quoted in place, or, where the
    /// template has a construct whose quoting only a shell could be sure of, in variables as in the
    /// script, which makes nothing else of them whatever the lexer took the construct for:
    ///
    ///     wc -l {}              →   wc -l 'a b'
    ///     echo "$(wc -l <{})"   →   __ar1='a b'; echo "$(wc -l <"${__ar1}")"
    ///
    /// Errors:    those of fill().
    [[nodiscard]] std::string text(const JobInput& input, unsigned slot) const;

    [[nodiscard]] bool has_placeholder() const noexcept;

    /// Whether JobInput::total must be known.
    [[nodiscard]] bool needs_total() const noexcept;

private:
    /// A piece to be written, and for which of the items alone, if not for all.
    struct Step {
        const ShellPiece* piece = nullptr;  ///< null: a blank
        std::optional<std::size_t> item{};
    };

    explicit ShellTemplate(ShellText text);

    [[nodiscard]] std::vector<Step> steps(std::size_t items) const;
    [[nodiscard]] ShellScript body(const JobInput& input, unsigned slot) const;
    [[nodiscard]] std::string text_in_place(const JobInput& input, unsigned slot) const;
    [[nodiscard]] std::string text_with_variables(const JobInput& input, unsigned slot) const;
    [[nodiscard]] bool is_command(const ShellPiece& piece) const noexcept;
    [[nodiscard]] std::string_view literal_at(std::size_t index) const noexcept;
    [[nodiscard]] Surroundings around(const ShellPiece& piece) const noexcept;

    std::vector<ShellPiece> pieces_;
    std::vector<ShellWord> words_;  // those that are repeated
    bool certain_ = true;           // see ShellText
    bool first_word_is_hole_ = false;
};

}  // namespace aiomisc::cli
