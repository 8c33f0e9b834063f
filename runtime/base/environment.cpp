// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/environment.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace aiomisc::environment {

namespace {

constexpr std::array<std::string_view, 6> kTrue{"1", "true", "yes", "on", "enable", "enabled"};
constexpr std::array<std::string_view, 6> kFalse{"0", "false", "no", "off", "disable", "disabled"};

template <typename Number>
std::optional<Number> parsed(const char* variable, const char* wanted) {
    const auto value = text(variable);
    if (!value) {
        return std::nullopt;
    }
    Number number{};
    const char* const end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || stop != end) {
        throw ConfigError(variable, "environment", "'" + *value + "' is not " + wanted);
    }
    return number;
}

}  // namespace

std::optional<std::string> text(const char* variable) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): see the header
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> boolean(const char* variable) {
    const auto value = text(variable);
    if (!value) {
        return std::nullopt;
    }
    std::string lower = *value;
    std::ranges::transform(lower, lower.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    if (std::ranges::find(kTrue, lower) != kTrue.end()) {
        return true;
    }
    if (std::ranges::find(kFalse, lower) != kFalse.end()) {
        return false;
    }
    throw ConfigError(variable, "environment", "'" + *value + "' is neither true nor false");
}

std::optional<std::uint64_t> number(const char* variable) {
    return parsed<std::uint64_t>(variable, "a whole number");
}

std::optional<double> seconds(const char* variable) {
    const auto value = parsed<double>(variable, "a number of seconds");
    if (value && (!std::isfinite(*value) || *value < 0)) {
        throw ConfigError(variable, "environment", "not a time to wait: " + std::to_string(*value));
    }
    return value;
}

}  // namespace aiomisc::environment
