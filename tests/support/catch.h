// SPDX-License-Identifier: MIT
#pragma once

// The one place that knows which Catch2 is installed: 2.13 on Debian 12, 3.x on Debian 13. Tests
// include this header and use what both spell alike (TEST_CASE, SECTION, GENERATE, REQUIRE_…), and
// the names below for what they do not.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define AIOMISC_CATCH2_MAJOR 3
#else
#include <catch2/catch.hpp>
#define AIOMISC_CATCH2_MAJOR 2
#endif

#include <string>

namespace aiomisc::test {

#if AIOMISC_CATCH2_MAJOR == 3
using Approx = Catch::Approx;
#else
using Approx = Catch::Detail::Approx;
#endif

/// Matches a string that has `text` somewhere inside, for REQUIRE_THAT and REQUIRE_THROWS_WITH.
inline auto contains(const std::string& text) {
#if AIOMISC_CATCH2_MAJOR == 3
    return Catch::Matchers::ContainsSubstring(text);
#else
    return Catch::Matchers::Contains(text);
#endif
}

/// Matches a string that starts with `text`.
inline auto starts_with(const std::string& text) {
    return Catch::Matchers::StartsWith(text);
}

/// Matches a string that ends with `text`.
inline auto ends_with(const std::string& text) {
    return Catch::Matchers::EndsWith(text);
}

}  // namespace aiomisc::test
