// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/plain_words.h>

#include <aiomisc/cli/target/program.h>

#include <algorithm>
#include <iterator>

namespace aiomisc::cli {
namespace {

// Reserved words, and builtins that act on the shell itself. Some systems have programs of these
// names that do nothing useful. echo, printf, test, true, false, kill and pwd are not among them:
// there the program does as well.
constexpr std::string_view kShellsOwn[] = {
    ".",        ":",       "alias",  "bg",      "break", "builtin", "case",   "cd",       "command",
    "continue", "declare", "do",     "done",    "elif",  "else",    "enable", "esac",     "eval",
    "exec",     "exit",    "export", "fc",      "fg",    "fi",      "for",    "function", "getopts",
    "hash",     "if",      "in",     "jobs",    "let",   "local",   "read",   "readonly", "return",
    "select",   "set",     "shift",  "source",  "then",  "time",    "times",  "trap",     "type",
    "typeset",  "ulimit",  "umask",  "unalias", "unset", "until",   "wait",   "while"};

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+:,./-=").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::vector<std::string>> plain_words(
    std::string_view text, const PlaceholderSet& placeholders) {
    std::vector<std::string> words;
    bool in_word = false;
    while (!text.empty()) {
        std::size_t length = 1;
        if (const auto match = placeholders.match(text)) {
            length = match->length;
        } else if (text.front() == ' ' || text.front() == '\t') {
            in_word = false;
            text.remove_prefix(1);
            continue;
        } else if (!is_plain(text.front())) {
            return std::nullopt;
        }
        if (!in_word) {
            words.emplace_back();
            in_word = true;
        }
        words.back() += text.substr(0, length);
        text.remove_prefix(length);
    }
    // NAME=value before the command is an assignment; a '{' in it is a placeholder, to be split.
    if (words.empty() || words.front().find_first_of("={") != std::string::npos ||
        words.front().find(placeholders.whole()) != std::string::npos ||
        std::find(std::begin(kShellsOwn), std::end(kShellsOwn), words.front()) !=
            std::end(kShellsOwn) ||
        !find_program(words.front())) {
        return std::nullopt;
    }
    return words;
}

}  // namespace aiomisc::cli
