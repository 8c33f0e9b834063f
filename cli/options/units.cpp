// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/units.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace aiomisc::cli {
namespace {

// The number at the front of `text`, which moves on behind it.
std::optional<double> take_decimal(std::string_view& text) {
    if (text.empty() || !((text.front() >= '0' && text.front() <= '9') || text.front() == '.')) {
        return std::nullopt;  // from_chars would take a sign, "inf" and "nan"
    }
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::optional<double> seconds_of(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 86400;
        default:
            return std::nullopt;
    }
}

std::optional<double> bytes_of(char unit) {
    switch (unit) {
        case 'K':
            return 0x1p10;
        case 'M':
            return 0x1p20;
        case 'G':
            return 0x1p30;
        case 'T':
            return 0x1p40;
        case 'k':
            return 1e3;
        case 'm':
            return 1e6;
        case 'g':
            return 1e9;
        case 't':
            return 1e12;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
    constexpr double kMaxSeconds = 1e10;  // 300 years; far below where milliseconds overflow
    double seconds = 0;
    do {
        const auto value = take_decimal(text);
        const auto unit = text.empty() ? 1.0 : seconds_of(text.front());
        if (!value || !unit) {
            return std::nullopt;
        }
        seconds += *value * *unit;
        text.remove_prefix(text.empty() ? 0 : 1);
    } while (!text.empty());
    if (seconds > kMaxSeconds) {
        return std::nullopt;
    }
    return Milliseconds(std::llround(seconds * 1000));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto value = take_decimal(text);
    if (!value || text.size() > 1) {
        return std::nullopt;
    }
    const auto unit = text.empty() ? 1.0 : bytes_of(text.front());
    if (!unit || *value * *unit >= 0x1p63) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(*value * *unit);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<double> parse_decimal(std::string_view text) {
    const auto value = take_decimal(text);
    return text.empty() ? value : std::nullopt;
}

}  // namespace aiomisc::cli
