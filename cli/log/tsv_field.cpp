// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/tsv_field.h>

namespace aiomisc::cli {
namespace {

struct Escape {
    char plain;
    char letter;
};

constexpr Escape kEscapes[] = {{'\\', '\\'}, {'\t', 't'}, {'\n', 'n'}, {'\r', 'r'}};

}  // namespace

std::string escape_field(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        char letter = '\0';
        for (const Escape& escape : kEscapes) {
            letter = c == escape.plain ? escape.letter : letter;
        }
        if (letter != '\0') {
            escaped += '\\';
        }
        escaped += letter != '\0' ? letter : c;
    }
    return escaped;
}

std::optional<std::string> unescape_field(std::string_view field) {
    std::string text;
    text.reserve(field.size());
    for (std::size_t at = 0; at < field.size(); ++at) {
        if (field[at] != '\\') {
            text += field[at];
            continue;
        }
        if (++at == field.size()) {
            return std::nullopt;
        }
        bool known = false;
        for (const Escape& escape : kEscapes) {
            if (field[at] == escape.letter) {
                text += escape.plain;
                known = true;
            }
        }
        if (!known) {
            return std::nullopt;
        }
    }
    return text;
}

}  // namespace aiomisc::cli
