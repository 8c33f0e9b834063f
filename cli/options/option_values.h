// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/units.h>
#include <aiomisc/cli/options/usage_error.h>

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>

namespace aiomisc::cli {

// How values of options are read. All throw UsageError that says what was expected.

/// A word and what it stands for.
template <typename Value>
struct Choice {
    const char* name;
    Value value;
};

template <typename Value, std::size_t kCount>
Value parse_choice(const std::string& text, const Choice<Value> (&choices)[kCount]) {
    std::string expected;
    for (const auto& choice : choices) {
        if (text == choice.name) {
            return choice.value;
        }
        expected += (expected.empty() ? "" : ", ") + std::string(choice.name);
    }
    throw UsageError("expected one of " + expected);
}

template <std::unsigned_integral Number>
Number parse_number(const std::string& text, Number least) {
    const auto count = parse_count(text);
    if (!count || *count < least || *count > std::numeric_limits<Number>::max()) {
        throw UsageError("expected a number, at least " + std::to_string(least));
    }
    return static_cast<Number>(*count);
}

/// What a parser made of a value, or an error.
template <typename Value>
Value expect(const std::optional<Value>& parsed, const char* what) {
    if (!parsed) {
        throw UsageError(std::string("expected ") + what);
    }
    return *parsed;
}

inline std::string expect_text(std::string text, const char* what) {
    if (text.empty()) {
        throw UsageError(std::string("expected ") + what);
    }
    return text;
}

/// A character, `\n`, `\t`, `\0` or `\xHH`.
char parse_delimiter(const std::string& text);

}  // namespace aiomisc::cli
