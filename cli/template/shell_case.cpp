// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_case.h>

#include <algorithm>
#include <array>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kOperators = "\n;|&()`";

/// The word of `text` that begins at `at`.
std::string_view word_at(std::string_view text, std::size_t at) {
    return text.substr(at, text.find_first_of(" \t\n;|&()<>`\\", at) - at);
}

/// The word before `at`; nothing if a command ends or begins there.
std::string_view word_before(std::string_view text, std::size_t at) {
    const std::size_t last = text.substr(0, at).find_last_not_of(kBlanks);
    if (last == std::string_view::npos || kOperators.find(text[last]) != std::string_view::npos) {
        return {};
    }
    const std::size_t begin = text.find_last_of(" \t\n;|&()`", last) + 1;  // 0 if there is none
    return text.substr(begin, last + 1 - begin);
}

/// Behind these a shell still looks for reserved words.
bool command_follows(std::string_view word) {
    constexpr std::array<std::string_view, 11> kLeading{
        "", "if", "then", "elif", "else", "while", "until", "do", "time", "!", "{"};
    return std::ranges::find(kLeading, word) != kLeading.end();
}

bool ends_command(std::string_view word) {
    constexpr std::array<std::string_view, 5> kClosing{"in", "fi", "done", "esac", "}"};
    return std::ranges::find(kClosing, word) != kClosing.end();
}

}  // namespace

bool opens_case(std::string_view text, std::size_t at) {
    return word_at(text, at) == "case" && command_follows(word_before(text, at));
}

bool closes_case(std::string_view text, std::size_t at) {
    const std::string_view before = word_before(text, at);
    return word_at(text, at) == "esac" && (command_follows(before) || ends_command(before));
}

}  // namespace aiomisc::cli
