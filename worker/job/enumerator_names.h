// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Names of enumerators, as words of a command line. C++20 has no reflection, but the compiler
// spells a template argument by the enumerator's name where there is one, and as a cast,
// "(Filter)7", where not.

namespace aiomisc::detail {

template <typename Value>
concept ScopedEnum =
    std::is_enum_v<Value> && !std::convertible_to<Value, std::underlying_type_t<Value>>;

/// Enumerators are looked for among the values from 0 up to this one.
inline constexpr std::size_t kEnumeratorLimit = 64;

/// "kHighQuality", or empty if `kEnumerator` is a value without a name.
///
/// The type comes as a parameter of its own: clang takes the linkage of an instance from types, not
/// from values, and would merge those of enums of the same name in the unnamed namespaces of two
/// sources.
template <typename Enum, Enum kEnumerator>
constexpr std::string_view enumerator_identifier() {
    constexpr std::string_view kIdentifierCharacters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    constexpr std::string_view kName = "kEnumerator = ";
    // clang: "… [Enum = Filter, kEnumerator = Filter::kBox]"
    // GCC:   "… [with Enum = Filter; Enum kEnumerator = Filter::kBox; std::string_view = …]"
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find(kName) + kName.size());
    text = text.substr(0, text.find_first_of(";]"));
    text.remove_prefix(text.find_last_not_of(kIdentifierCharacters) + 1);
    return text.empty() || (text.front() >= '0' && text.front() <= '9') ? std::string_view() : text;
}

/// The word for an identifier: kHighQuality, HighQuality, high_quality and HIGH_QUALITY are
/// "high-quality".
inline std::string enumerator_word(std::string_view identifier) {
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (identifier.size() > 1 && identifier[0] == 'k' && is_upper(identifier[1])) {
        identifier.remove_prefix(1);
    }
    std::string word;
    for (std::size_t i = 0; i < identifier.size(); ++i) {
        const char c = identifier[i];
        if (is_upper(c)) {
            if (i > 0 && !is_upper(identifier[i - 1]) && identifier[i - 1] != '_') {
                word += '-';
            }
            word += static_cast<char>(c - 'A' + 'a');
        } else {
            word += c == '_' ? '-' : c;
        }
    }
    return word;
}

/// All enumerators of `Enum` with their words, in order of their values.
template <ScopedEnum Enum>
std::vector<std::pair<std::string, Enum>> enumerators_of() {
    std::vector<std::pair<std::string, Enum>> found;
    const auto add = [&found](std::string_view identifier, std::size_t value) {
        if (!identifier.empty()) {
            found.emplace_back(enumerator_word(identifier), static_cast<Enum>(value));
        }
    };
    [&]<std::size_t... kValues>(std::index_sequence<kValues...>) {
        (add(enumerator_identifier<Enum, static_cast<Enum>(kValues)>(), kValues), ...);
    }(std::make_index_sequence<kEnumeratorLimit>());
    return found;
}

}  // namespace aiomisc::detail
