// SPDX-License-Identifier: MIT
#include "json_text.h"

#include <cmath>
#include <cstddef>
#include <iterator>

namespace aiomisc::log::detail {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
    std::size_t size;  ///< bytes it takes, at least one
    bool valid;
};

bool continues(std::string_view text, std::size_t at, unsigned char from, unsigned char to) {
    return at < text.size() && static_cast<unsigned char>(text[at]) >= from &&
           static_cast<unsigned char>(text[at]) <= to;
}

/// The sequence that a byte above 0x7F begins: table 3-7 of the Unicode standard, which leaves out
/// overlong forms, surrogates, and what is beyond U+10FFFF.
Sequence sequence_at(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    unsigned char second_from = 0x80;
    unsigned char second_to = 0xBF;
    std::size_t size = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        second_from = lead == 0xE0 ? 0xA0 : 0x80;
        second_to = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        second_from = lead == 0xF0 ? 0x90 : 0x80;
        second_to = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        return {1, false};
    }
    if (!continues(text, 1, second_from, second_to)) {
        return {1, false};
    }
    for (std::size_t at = 2; at < size; ++at) {
        if (!continues(text, at, 0x80, 0xBF)) {
            return {at, false};
        }
    }
    return {size, true};
}

bool is_ordinary(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

void append_escaped(fmt::memory_buffer& out, unsigned char byte) {
    switch (byte) {
        case '"':
            out.append(std::string_view("\\\""));
            break;
        case '\\':
            out.append(std::string_view("\\\\"));
            break;
        case '\n':
            out.append(std::string_view("\\n"));
            break;
        case '\t':
            out.append(std::string_view("\\t"));
            break;
        case '\r':
            out.append(std::string_view("\\r"));
            break;
        default:
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    }
}

}  // namespace

void append_json_string(fmt::memory_buffer& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        std::size_t size = 0;
        while (size < text.size() && is_ordinary(static_cast<unsigned char>(text[size]))) {
            ++size;
        }
        out.append(text.substr(0, size));
        text.remove_prefix(size);
        if (text.empty()) {
            break;
        }
        if (const auto byte = static_cast<unsigned char>(text[0]); byte < 0x80) {
            append_escaped(out, byte);
            text.remove_prefix(1);
            continue;
        }
        const Sequence sequence = sequence_at(text);
        out.append(sequence.valid ? text.substr(0, sequence.size) : kReplacement);
        text.remove_prefix(sequence.size);
    }
    out.push_back('"');
}

void append_json_value(fmt::memory_buffer& out, const Value& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        append_json_string(out, *text);
    } else if (const auto* number = std::get_if<double>(&value);
               number && !std::isfinite(*number)) {
        append_json_string(out, fmt::to_string(*number));
    } else {
        append_text_value(out, value);
    }
}

void append_text_value(fmt::memory_buffer& out, const Value& value) {
    std::visit(
        [&out](const auto& given) {
            if constexpr (std::is_null_pointer_v<std::decay_t<decltype(given)>>) {
                out.append(std::string_view("null"));
            } else {
                fmt::format_to(std::back_inserter(out), "{}", given);
            }
        },
        value);
}

}  // namespace aiomisc::log::detail
