// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/printable.h>

#include <cstdint>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

bool is_harmful(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ||  // C0, DEL, C1
           c == 0x2028 || c == 0x2029 ||           // line and paragraph separators
           c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);  // directions
}

std::string escaped(char32_t c) {
    switch (c) {
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return c < 0x100 ? fmt::format("\\x{:02x}", static_cast<std::uint32_t>(c))
                             : fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    }
}

struct Lead {
    std::size_t length;
    char32_t bits;
    char32_t least;  // of this length; anything below is an overlong form
};

std::optional<Lead> lead_of(unsigned char byte) {
    if (byte < 0x80) {
        return Lead{.length = 1, .bits = byte, .least = 0};
    }
    if ((byte & 0xe0) == 0xc0) {
        return Lead{.length = 2, .bits = byte & 0x1fU, .least = 0x80};
    }
    if ((byte & 0xf0) == 0xe0) {
        return Lead{.length = 3, .bits = byte & 0x0fU, .least = 0x800};
    }
    if ((byte & 0xf8) == 0xf0) {
        return Lead{.length = 4, .bits = byte & 0x07U, .least = 0x10000};
    }
    return std::nullopt;
}

}  // namespace

std::optional<char32_t> take_utf8(std::string_view& text) noexcept {
    const auto lead = text.empty() ? std::nullopt : lead_of(static_cast<unsigned char>(text[0]));
    if (!lead || lead->length > text.size()) {
        return std::nullopt;
    }
    char32_t character = lead->bits;
    for (const char next : text.substr(1, lead->length - 1)) {
        const auto byte = static_cast<unsigned char>(next);
        if ((byte & 0xc0) != 0x80) {
            return std::nullopt;
        }
        character = character << 6 | (byte & 0x3fU);
    }
    const bool surrogate = character >= 0xd800 && character < 0xe000;
    if (character < lead->least || surrogate || character > 0x10ffff) {
        return std::nullopt;
    }
    text.remove_prefix(lead->length);
    return character;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        if (!take_utf8(text)) {
            return false;
        }
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const std::string_view before = text;
        const auto character = take_utf8(text);
        if (!character) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
        } else if (is_harmful(*character)) {
            shown += escaped(*character);
        } else {
            shown += before.substr(0, before.size() - text.size());
        }
    }
    return shown;
}

}  // namespace aiomisc::cli
