// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shown_value.h>

#include <aiomisc/cli/template/shell_quote.h>

#include <utility>

namespace aiomisc::cli {
namespace {

/// Whether a shell could make something else of the word if the value in it had no quotes: a
/// descriptor of `{}>file`, a name of `{}=x`, a range of `[{}]`, a user of `~{}`.
bool needs_quotes(const Surroundings& surroundings) {
    const std::size_t begin = surroundings.before.find_last_of(" \t\n;|&<>") + 1;
    const std::string_view before = surroundings.before.substr(begin);
    const std::size_t end = surroundings.behind.find_first_of(" \t\n;|&");
    const std::string_view behind = surroundings.behind.substr(0, end);
    return before.find_first_of("~[{") != std::string_view::npos ||
           behind.find_first_of("=[]{}(<>") != std::string_view::npos;
}

std::string in_quotes(std::string_view value) {
    return "'" + escape_single_quoted(value) + "'";
}

}  // namespace

std::string shown_value(
    const ShellHole& hole, const Surroundings& surroundings, const std::string& value) {
    switch (hole.context) {
        case ShellContext::kDoubleQuoted:
            return escape_with_backslash(value, "\\$`\"");
        case ShellContext::kSingleQuoted:
            return escape_single_quoted(value);
        case ShellContext::kArithmetic:
            return value;  // an integer, which quotes would make something else
        default:
            return needs_quotes(surroundings) ? in_quotes(value) : shell_quote(value);
    }
}

std::string shown_command(const std::string& value) {
    std::string shown;
    std::string word;
    for (const char c : value + ' ') {
        if (c != ' ' && c != '\t' && c != '\n') {
            word += c;
        } else if (!word.empty()) {
            shown += (shown.empty() ? "" : " ") + shell_quote(std::exchange(word, {}));
        }
    }
    return shown;
}

}  // namespace aiomisc::cli
