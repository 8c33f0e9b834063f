// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/units.h>

#include "support/catch.h"

#include <chrono>

using namespace aiomisc::cli;
using namespace std::chrono_literals;

TEST_CASE("durations are seconds, or numbers with units that add up", "[cli][options]") {
    REQUIRE(parse_duration("1") == 1000ms);
    REQUIRE(parse_duration("0.25") == 250ms);
    REQUIRE(parse_duration(".5") == 500ms);
    REQUIRE(parse_duration("1.5m") == 90s);
    REQUIRE(parse_duration("2h") == 2h);
    REQUIRE(parse_duration("1d3.5h16.6m4s") == 24h + 3h + 30min + 16min + 36s + 4s);
    REQUIRE(parse_duration("1m2") == 62s);  // seconds again, where the last unit is left out
    REQUIRE(parse_duration("0") == 0ms);
}

TEST_CASE("what is not a duration is refused", "[cli][options]") {
    for (const char* text :
         {"", "x", "-1", "+1", "1x", "inf", "nan", "1e3", "m", "1 s", "1e", "99999999999"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_duration(text));
    }
}

TEST_CASE("capital sizes are powers of 1024, small ones of 1000", "[cli][options]") {
    REQUIRE(parse_size("512") == 512);
    REQUIRE(parse_size("1K") == 1024);
    REQUIRE(parse_size("1k") == 1000);
    REQUIRE(parse_size("1.5M") == 1536 * 1024);
    REQUIRE(parse_size("2G") == std::uint64_t{2} << 30);
    REQUIRE(parse_size("1t") == 1'000'000'000'000);
    for (const char* text : {"", "K", "1KB", "1X", "-1", "99999999T", "1K1"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_size(text));
    }
}

TEST_CASE("counts are whole decimal numbers", "[cli][options]") {
    REQUIRE(parse_count("0") == 0);
    REQUIRE(parse_count("18446744073709551615") == UINT64_MAX);
    for (const char* text : {"", "-1", "+1", "1.0", "0x1", "18446744073709551616", " 1", "1 "}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_count(text));
    }
}
