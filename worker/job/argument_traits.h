// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/enumerator_names.h>

#include <charconv>
#include <concepts>
#include <filesystem>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// How a job's parameters are read from text. Header only and without the rest of the library, so
// that a job module needs nothing of ours at link time.

namespace aiomisc {

/// An argument does not fit its parameter; the message says what was given and what is expected.
class [[gnu::visibility("default")]] ArgumentError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// Reads, names and prints the values of one type as they stand on a command line.
///
/// There are: integers, floating point, bool, std::string, std::filesystem::path, scoped enums (by
/// the names of their enumerators). std::optional and std::vector of these are understood by the
/// parameter itself. Specialize it for a type of your own:
///
///     template <>
///     struct aiomisc::ArgumentTraits<Color> {
///         static Color parse(std::string_view text);       // throws ArgumentError
///         static std::string type_name() { return "#rrggbb"; }
///         static std::string format(const Color& value);   // the default, as --describe prints it
///     };
template <typename Value>
struct ArgumentTraits;

namespace detail {

template <typename Value>
concept IntegerArgument =
    std::integral<Value> && !std::same_as<Value, bool> && !std::same_as<Value, char>;

/// Throws ArgumentError: `text` is not what the parameter expects.
[[noreturn]] inline void refuse_argument(std::string_view text, std::string_view expected) {
    throw ArgumentError("'" + std::string(text) + "' is not " + std::string(expected));
}

/// Reads a number that fills the whole text; `false` when it does not, or is out of range.
template <typename Number>
std::errc read_number(std::string_view text, Number& number) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [stopped, error] = std::from_chars(begin, end, number);
    return error == std::errc() && stopped != end ? std::errc::invalid_argument : error;
}

template <typename Number>
std::string format_number(Number number) {
    char digits[64];
    const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
    return error == std::errc() ? std::string(digits, end) : std::string("?");
}

}  // namespace detail

template <detail::IntegerArgument Value>
struct ArgumentTraits<Value> {
    static Value parse(std::string_view text) {
        Value value{};
        const std::errc error = detail::read_number(text, value);
        if (error == std::errc::result_out_of_range ||
            (std::unsigned_integral<Value> && error != std::errc() && is_negative(text))) {
            detail::refuse_argument(
                text,
                "between " + format(std::numeric_limits<Value>::min()) + " and " +
                    format(std::numeric_limits<Value>::max()));
        }
        if (error != std::errc()) {
            detail::refuse_argument(text, "an integer");
        }
        return value;
    }

    static std::string type_name() { return "integer"; }

    static std::string format(Value value) { return detail::format_number(value); }

private:
    // from_chars does not take the sign of what is read as unsigned.
    static bool is_negative(std::string_view text) {
        long long value = 0;
        return detail::read_number(text, value) == std::errc() && value < 0;
    }
};

template <std::floating_point Value>
struct ArgumentTraits<Value> {
    static Value parse(std::string_view text) {
        Value value{};
        const std::errc error = detail::read_number(text, value);
        if (error == std::errc::result_out_of_range) {
            detail::refuse_argument(text, "within the range of a number");
        }
        if (error != std::errc()) {
            detail::refuse_argument(text, "a number");
        }
        return value;
    }

    static std::string type_name() { return "number"; }

    static std::string format(Value value) { return detail::format_number(value); }
};

template <>
struct ArgumentTraits<bool> {
    static bool parse(std::string_view text) {
        for (const std::string_view word : {"true", "yes", "on", "1"}) {
            if (text == word) {
                return true;
            }
        }
        for (const std::string_view word : {"false", "no", "off", "0"}) {
            if (text == word) {
                return false;
            }
        }
        detail::refuse_argument(text, "yes or no");
    }

    static std::string type_name() { return "yes|no"; }

    static std::string format(bool value) { return value ? "yes" : "no"; }
};

template <>
struct ArgumentTraits<std::string> {
    static std::string parse(std::string_view text) { return std::string(text); }

    static std::string type_name() { return "text"; }

    static std::string format(const std::string& value) { return value; }
};

template <>
struct ArgumentTraits<std::filesystem::path> {
    static std::filesystem::path parse(std::string_view text) {
        if (text.empty()) {
            detail::refuse_argument(text, "a path");
        }
        return {text};
    }

    static std::string type_name() { return "path"; }

    static std::string format(const std::filesystem::path& value) { return value.string(); }
};

template <detail::ScopedEnum Value>
struct ArgumentTraits<Value> {
    static Value parse(std::string_view text) {
        const std::string word = detail::enumerator_word(text);
        for (const auto& [name, value] : enumerators()) {
            if (name == word) {
                return value;
            }
        }
        detail::refuse_argument(text, "one of " + type_name());
    }

    static std::string type_name() {
        std::string names;
        for (const auto& [name, value] : enumerators()) {
            names += (names.empty() ? "" : "|") + name;
        }
        return names;
    }

    static std::string format(Value value) {
        for (const auto& [name, candidate] : enumerators()) {
            if (candidate == value) {
                return name;
            }
        }
        return detail::format_number(static_cast<long long>(value));
    }

private:
    // Not kept in a static object: the dynamic linker would make one of those of two modules which
    // have different enums of one name.
    static std::vector<std::pair<std::string, Value>> enumerators() {
        return detail::enumerators_of<Value>();
    }
};

}  // namespace aiomisc
