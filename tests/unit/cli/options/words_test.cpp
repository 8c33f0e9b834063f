// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/words.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>

using aiomisc::cli::split_words;
using Words = std::vector<std::string>;

TEST_CASE("words are split as a shell does, without expansion", "[cli][options]") {
    REQUIRE(split_words("").empty());
    REQUIRE(split_words("  -j4\t-k\n") == Words{"-j4", "-k"});
    REQUIRE(split_words("a'b c'd") == Words{"ab cd"});
    REQUIRE(split_words("'' \"\"") == Words{"", ""});
    REQUIRE(split_words(R"("a \"b\" \\ \x $HOME")") == Words{R"(a "b" \ \x $HOME)"});
    REQUIRE(split_words(R"(a\ b \'c)") == Words{"a b", "'c"});
    REQUIRE(split_words("'a\\b'") == Words{"a\\b"});
    REQUIRE(split_words("* ~ $(x)") == Words{"*", "~", "$(x)"});
}

TEST_CASE("an open quote is an error", "[cli][options]") {
    REQUIRE_THROWS_AS(split_words("'a"), aiomisc::cli::UsageError);
    REQUIRE_THROWS_AS(split_words("\"a\\\""), aiomisc::cli::UsageError);
}
