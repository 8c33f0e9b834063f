// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/argument_traits.h>

#include "support/catch.h"

#include <cstdint>

using aiomisc::ArgumentError;
using aiomisc::ArgumentTraits;

namespace {

enum class Filter { kBox, kHighQuality, kNearest = 7 };

namespace {
// NOLINTNEXTLINE(readability-identifier-naming): styles of our users
enum class Level : unsigned char { DEBUG = 1, not_so_bad = 2 };
}  // namespace

struct Color {
    int rgb = 0;
};

template <typename Value>
Value parse(std::string_view text) {
    return ArgumentTraits<Value>::parse(text);
}

template <typename Value>
std::string why_not(std::string_view text) {
    try {
        parse<Value>(text);
    } catch (const ArgumentError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

template <>
struct aiomisc::ArgumentTraits<Color> {
    static Color parse(std::string_view text) {
        if (text != "red") {
            throw ArgumentError("no such color");
        }
        return {0xff0000};
    }

    static std::string type_name() { return "color"; }

    static std::string format(const Color& /*value*/) { return "red"; }
};

TEST_CASE("an integer argument fills the whole text and fits its type") {
    CHECK(parse<int>("256") == 256);
    CHECK(parse<int>("-1") == -1);
    CHECK(parse<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(
        parse<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    for (const std::string_view text : {"", " 1", "1 ", "+1", "1.5", "0x10", "ten", "1\n", "--1"}) {
        INFO(text);
        CHECK(why_not<int>(text) == "'" + std::string(text) + "' is not an integer");
    }
    CHECK(why_not<int>("2147483648") == "'2147483648' is not between -2147483648 and 2147483647");
    CHECK(why_not<std::uint8_t>("256") == "'256' is not between 0 and 255");
    CHECK(why_not<unsigned>("-1") == "'-1' is not between 0 and 4294967295");
    CHECK(why_not<unsigned>("-x") == "'-x' is not an integer");
}

TEST_CASE("a number argument is read without regard to the locale") {
    CHECK(parse<double>("0.5") == 0.5);
    CHECK(parse<double>("-1e3") == -1000);
    CHECK(parse<float>("3") == 3);
    CHECK(why_not<double>("0,5") == "'0,5' is not a number");
    CHECK(why_not<double>("") == "'' is not a number");
    CHECK(why_not<double>("1e999") == "'1e999' is not within the range of a number");
}

TEST_CASE("a boolean argument is yes or no in the usual spellings") {
    for (const std::string_view text : {"yes", "true", "on", "1"}) {
        CHECK(parse<bool>(text));
    }
    for (const std::string_view text : {"no", "false", "off", "0"}) {
        CHECK_FALSE(parse<bool>(text));
    }
    CHECK(why_not<bool>("maybe") == "'maybe' is not yes or no");
    CHECK(why_not<bool>("") == "'' is not yes or no");
}

TEST_CASE("a text argument is taken as it is, a path argument must not be empty") {
    CHECK(parse<std::string>(" a=b ") == " a=b ");
    CHECK(parse<std::string>("").empty());
    CHECK(parse<std::filesystem::path>("dir/a b.jpg") == "dir/a b.jpg");
    CHECK(parse<std::filesystem::path>("\xff\xfe") == "\xff\xfe");  // not every name is UTF-8
    CHECK(why_not<std::filesystem::path>("") == "'' is not a path");
}

TEST_CASE("an enum argument is given by the names of its enumerators") {
    CHECK(parse<Filter>("box") == Filter::kBox);
    CHECK(parse<Filter>("high-quality") == Filter::kHighQuality);
    CHECK(parse<Filter>("HighQuality") == Filter::kHighQuality);
    CHECK(parse<Filter>("kHighQuality") == Filter::kHighQuality);
    CHECK(parse<Filter>("high_quality") == Filter::kHighQuality);
    CHECK(parse<Filter>("nearest") == Filter::kNearest);
    CHECK(parse<Level>("debug") == Level::DEBUG);
    CHECK(parse<Level>("not-so-bad") == Level::not_so_bad);
    CHECK(why_not<Filter>("bicubic") == "'bicubic' is not one of box|high-quality|nearest");
    CHECK(why_not<Filter>("") == "'' is not one of box|high-quality|nearest");
    CHECK(why_not<Filter>("0") == "'0' is not one of box|high-quality|nearest");
    CHECK(ArgumentTraits<Filter>::format(Filter::kHighQuality) == "high-quality");
    CHECK(ArgumentTraits<Filter>::format(static_cast<Filter>(5)) == "5");
}

TEST_CASE("defaults print as they would be given") {
    CHECK(ArgumentTraits<int>::format(-5) == "-5");
    CHECK(ArgumentTraits<double>::format(0.1) == "0.1");
    CHECK(ArgumentTraits<bool>::format(true) == "yes");
    CHECK(ArgumentTraits<std::filesystem::path>::format("a/b") == "a/b");
}

TEST_CASE("a type of the user's own is read by its own traits") {
    CHECK(parse<Color>("red").rgb == 0xff0000);
    CHECK(why_not<Color>("blue") == "no such color");
}
