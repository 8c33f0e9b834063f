// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/plain_text.h>

#include "support/catch.h"

#include <sstream>

using namespace aiomisc::cli;
using aiomisc::test::contains;

namespace {

CommandReference reference() {
    return {
        .name = "brew",
        .version = "1.2",
        .summary = "make tea",
        .synopsis = {"[OPTIONS] LEAF...", "--empty"},
        .description = {"Boils water, waits, and pours it over the leaves that it is given."},
        .options =
            {{.title = "Water",
              .options =
                  {{{"-t", "--temperature"}, "N", "How hot the water is, in degrees"},
                   {{"--steep"}, "short|long", "How long the leaves stay in the water"},
                   {{"--shuf"}, "[=SEED]", "Leaves in any order"},
                   {{"-q"}, "", "No whistling"}}}},
        .topics = {{.title = "Exit status", .text = "It is told.", .entries = {{"0", "tea"}}}}};
}

}  // namespace

TEST_CASE("the long help stands in columns", "[cli][reference]") {
    REQUIRE(
        plain_text(reference(), 60) ==
        "usage: brew [OPTIONS] LEAF...\n"
        "       brew --empty\n"
        "\n"
        "Boils water, waits, and pours it over the leaves that it is\n"
        "given.\n"
        "\n"
        "Water:\n"
        "  -t, --temperature N  How hot the water is, in degrees\n"
        "  --steep short|long   How long the leaves stay in the water\n"
        "  --shuf[=SEED]        Leaves in any order\n"
        "  -q                   No whistling\n"
        "\n"
        "Exit status:\n"
        "  It is told.\n"
        "  0     tea\n");
}

TEST_CASE("the long help is wrapped to the width of the terminal", "[cli][reference]") {
    for (const std::size_t width : {40U, 53U, 80U, 100U}) {
        std::istringstream text(plain_text(reference(), width));
        for (std::string line; std::getline(text, line);) {
            INFO(width << ": " << line);
            CHECK(line.size() <= width);
            CHECK(!line.ends_with(' '));
        }
    }
    REQUIRE(plain_text(reference(), 1) == plain_text(reference(), 40));
    REQUIRE(plain_text(reference(), 9999) == plain_text(reference(), 100));
}

TEST_CASE("a long term has a line for itself", "[cli][reference]") {
    CommandReference long_term = reference();
    long_term.topics[0].entries.push_back({"brew --temperature 80 green", "green tea"});
    REQUIRE_THAT(
        plain_text(long_term, 80), contains("  brew --temperature 80 green\n        green tea\n"));
}

TEST_CASE("plain words are the values of an option that can be completed", "[cli][reference]") {
    const auto choices = [](const char* value) {
        return value_choices({.names = {"-x"}, .value = value, .meaning = {}});
    };
    using Words = std::vector<std::string>;
    CHECK(choices("auto|bar|rich_tb") == Words{"auto", "bar", "rich_tb"});
    CHECK(choices("[=all|man]") == Words{"all", "man"});
    CHECK(choices("D|N%").empty());
    CHECK(choices("FILE|+FILE").empty());
    CHECK(choices("").empty());
}
