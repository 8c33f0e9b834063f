// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/option_values.h>

#include <charconv>
#include <system_error>

namespace aiomisc::cli {
namespace {

std::optional<char> parse_hexadecimal(const std::string& text) {
    unsigned char value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 2, end, value, 16);
    return error == std::errc() && stop == end ? std::optional(static_cast<char>(value))
                                               : std::nullopt;
}

}  // namespace

char parse_delimiter(const std::string& text) {
    if (text.size() == 1) {
        return text[0];
    }
    if (text == "\\n") {
        return '\n';
    }
    if (text == "\\t") {
        return '\t';
    }
    if (text == "\\0") {
        return '\0';
    }
    const bool hexadecimal = text.size() == 4 && text.starts_with("\\x");
    return expect(
        hexadecimal ? parse_hexadecimal(text) : std::nullopt,
        "one character, \\n, \\t, \\0 or \\xHH");
}

}  // namespace aiomisc::cli
