// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/template/placeholder_set.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aiomisc::cli {

/// What surrounds a place in shell text.
enum class ShellContext {
    kUnquoted,
    kDoubleQuoted,
    kSingleQuoted,
    kHereDocument,
    kArithmetic,  ///< $((…)), ((…)), $[…], the index in ${x[…]}, the offset in ${x:…}
};

/// A placeholder in shell text.
struct ShellHole {
    Placeholder placeholder;
    ShellContext context = ShellContext::kUnquoted;
    bool evaluated = false;  ///< the shell would take the value as an expression, and run it

    friend bool operator==(const ShellHole&, const ShellHole&) = default;
};

/// Text to be taken as it stands, or a hole to fill.
using ShellPiece = std::variant<std::string, ShellHole>;

/// Pieces that make up a word of a command, from `begin` to before `end`.
struct ShellWord {
    std::size_t begin = 0;
    std::size_t end = 0;

    friend bool operator==(const ShellWord&, const ShellWord&) = default;
};

/// Shell text and the words in it that -X repeats: the outermost ones with a placeholder for all
/// items in them.
struct ShellText {
    std::vector<ShellPiece> pieces;
    std::vector<ShellWord> words;

    /// Nothing but words, quotes, `$name`, `${name}`, sums in `$((…))` and operators, where no
    /// shell sees quotes that the lexer does not: values may be written in place, quoted.
    bool certain = true;
};

/// Finds the placeholders in shell text and the quoting around each.
///
/// `with_words` asks for the words as well. A word ends where the shell ends it, and at blanks in
/// the quotes around the placeholder.
///
/// `${` always belongs to the shell. A backslash or a lone `$` right before a placeholder is kept
/// from acting on what will be written there.
///
/// Errors:    UsageError (a placeholder where no value can be written: in $'…', or in a
///            here-document with a quoted delimiter; see PlaceholderSet::match()).
ShellText lex_shell(
    std::string_view text, const PlaceholderSet& placeholders, bool with_words = false);

}  // namespace aiomisc::cli
