// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_quote.h>

#include <algorithm>
#include <array>

namespace aiomisc::cli {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+:,./-").find(c) != std::string_view::npos;
}

/// By a POSIX shell, or bash.
bool is_reserved(std::string_view word) {
    constexpr std::array<std::string_view, 17> kReserved{
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "in",
        "time",
        "function",
        "select",
        "coproc"};
    return std::ranges::find(kReserved, word) != kReserved.end();
}

}  // namespace

std::string shell_quote(std::string_view text) {
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), is_plain);
    if (plain && !is_reserved(text)) {
        return std::string(text);
    }
    return "'" + escape_single_quoted(text) + "'";
}

std::string shell_join(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words) {
        joined += joined.empty() ? "" : " ";
        joined += shell_quote(word);
    }
    return joined;
}

std::string escape_single_quoted(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        if (c == '\'') {
            escaped += R"('\'')";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string escape_with_backslash(std::string_view text, std::string_view special) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

}  // namespace aiomisc::cli
