// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/template/shell_lexer.h>

#include <string>
#include <string_view>

namespace aiomisc::cli {

/// Text on both sides of a placeholder, up to the next ones.
struct Surroundings {
    std::string_view before;
    std::string_view behind;
};

/// A value as it is written in place of a hole in ShellText::certain text, so that it stays what
/// `"$variable"` is there: quoted, unless it is a plain word and nothing else becomes of it.
std::string shown_value(
    const ShellHole& hole, const Surroundings& surroundings, const std::string& value);

/// A command that is one value, which the shell splits at blanks, and does not parse.
std::string shown_command(const std::string& value);

}  // namespace aiomisc::cli
