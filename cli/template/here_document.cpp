// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/here_document.h>

#include <algorithm>

namespace aiomisc::cli {

HereDocument HereDocument::parse(std::string_view text) {
    HereDocument document;
    document.strip_tabs = text.substr(2).starts_with('-');
    std::size_t at = document.strip_tabs ? 3 : 2;
    at = std::min(text.find_first_not_of(" \t", at), text.size());
    constexpr std::string_view kEndOfWord = " \t\n;&|<>()";
    char quote = '\0';
    for (; at < text.size(); ++at) {
        const char next = text[at];
        if (quote == '\0' && kEndOfWord.find(next) != std::string_view::npos) {
            break;
        }
        if (next == quote) {
            quote = '\0';
        } else if (quote == '\0' && (next == '\'' || next == '"')) {
            quote = next;
            document.quoted = true;
        } else if (quote == '\0' && next == '\\') {
            document.quoted = true;
        } else {
            document.delimiter += next;
        }
    }
    document.length = at;
    return document;
}

std::size_t HereDocument::body_length(std::string_view text) const {
    for (std::size_t line = 0; line < text.size();) {
        const std::size_t newline = std::min(text.find('\n', line), text.size());
        std::string_view content = text.substr(line, newline - line);
        while (strip_tabs && content.starts_with('\t')) {
            content.remove_prefix(1);
        }
        if (content == delimiter) {
            return line;
        }
        line = newline + 1;
    }
    return text.size();
}

}  // namespace aiomisc::cli
