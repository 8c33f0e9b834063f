// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/placeholder.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/template/text_template.h>
#include <aiomisc/cli/text/path_parts.h>

using namespace aiomisc::cli;

namespace {

std::string fill(std::string_view text, std::vector<std::string> items, unsigned slot = 1) {
    return TextTemplate(text, PlaceholderSet()).fill({.seq = 7, .items = std::move(items)}, slot);
}

}  // namespace

TEST_CASE("path parts are those of GNU parallel", "[cli][template][L21]") {
    const char* const text = "{},{.},{/},{//},{/.}";
    REQUIRE(fill(text, {"a/b.c/d.tar.gz"}) == "a/b.c/d.tar.gz,a/b.c/d.tar,d.tar.gz,a/b.c,d.tar");
    REQUIRE(fill(text, {"plain"}) == "plain,plain,plain,.,plain");
    REQUIRE(fill(text, {".hidden"}) == ".hidden,,.hidden,.,");
    REQUIRE(fill(text, {"dir.d/file"}) == "dir.d/file,dir.d/file,file,dir.d,file");
    REQUIRE(fill(text, {"/abs/x.jpg"}) == "/abs/x.jpg,/abs/x,x.jpg,/abs,x");
    REQUIRE(fill(text, {"x/"}) == "x/,x/,,.,");
    REQUIRE(fill(text, {""}) == ",,,.,");
    REQUIRE(directory("/x") == "/");
    REQUIRE(directory("/") == "/");
    REQUIRE(directory("a//b//") == "a");
    REQUIRE(without_extension("a.") == "a");
}

TEST_CASE("positions count from both ends and may be missing", "[cli][template][L22]") {
    REQUIRE(
        fill("1={1} b={1/} last={-1} none=[{3}]", {"p/A.x", "B"}) ==
        "1=p/A.x b=A.x last=B none=[]");
    REQUIRE(fill("{-2.} {2//} {-3}", {"p/A.x", "q/B"}) == "p/A q ");
}

TEST_CASE("job number and slot are placeholders, too", "[cli][template]") {
    REQUIRE(fill("{#}:{%}", {"x"}, 3) == "7:3");
}

TEST_CASE("several items are joined by a blank", "[cli][template]") {
    REQUIRE(fill("<{/}>", {"a/b", "c/d"}) == "<b d>");
    REQUIRE(fill("<{}>", {}) == "<>");
}

TEST_CASE("what only looks like a placeholder is text", "[cli][template]") {
    for (const char* text :
         {"{0}",
          "{x}",
          "{ }",
          "{1",
          "{..}",
          "{1..3}",
          "{-}",
          "{99999999999}",
          "{+1}",
          "{##}",
          "{/a}"}) {
        CAPTURE(text);
        REQUIRE_FALSE(PlaceholderSet().match(text));
        REQUIRE(fill(text, {"item"}) == text);
    }
}

TEST_CASE("option -I replaces the spelling of {} and of nothing else", "[cli][template][L26]") {
    const TextTemplate text(",, {} {.} {1}", PlaceholderSet({.placeholder = ",,"}, {}, 1));
    REQUIRE(text.fill({.seq = 1, .items = {"a.b"}}, 1) == "a.b {} a a.b");
}

TEST_CASE("a template knows what stands in it", "[cli][template]") {
    REQUIRE_FALSE(TextTemplate("plain", PlaceholderSet()).has_placeholder());
    REQUIRE(TextTemplate("a{#}", PlaceholderSet()).has_placeholder());
    REQUIRE(TextTemplate("{}", PlaceholderSet()).sole_placeholder() != nullptr);
    REQUIRE(TextTemplate("{}x", PlaceholderSet()).sole_placeholder() == nullptr);
    REQUIRE(TextTemplate("{}x", PlaceholderSet()).embeds_all_items());
    REQUIRE_FALSE(TextTemplate("{1}x", PlaceholderSet()).embeds_all_items());
    REQUIRE_FALSE(TextTemplate("{}", PlaceholderSet()).embeds_all_items());
}

TEST_CASE("more placeholders are there with plus alone", "[cli][template][L25]") {
    const PlaceholderSet plus({.plus = true}, {}, 12);
    const auto filled = [&](std::string_view text, std::vector<std::string> items) {
        const JobInput input{.seq = 7, .total = 100, .items = std::move(items)};
        return TextTemplate(text, plus).fill(input, 3);
    };
    CHECK(filled("{##} {0#} {0%}", {"x"}) == "100 007 03");
    CHECK(filled("{..} {%.jpg} {:1:2} {/b/X}", {"abc.tar.gz"}) == "abc abc.tar.gz bc aXc.tar.gz");
    CHECK(filled("{2..} {-1:1} {1/a/b} {1.}", {"a.b.c", "x.y.z"}) == "x .y.z b.b.c a.b");
    CHECK(filled("{%}{#}{##x}{#x}", {"xx"}) == "37xx");
    for (const char* text : {"{##}", "{0#}", "{..}", "{%.jpg}", "{:1}", "{1..}"}) {
        CAPTURE(text);
        CHECK(fill(text, {"item"}) == text);
    }
    CHECK_THROWS_AS(TextTemplate("{%(}", plus), UsageError);
}

TEST_CASE("the total is asked for only where a template shows it", "[cli][template]") {
    const PlaceholderSet plus({.plus = true}, {}, 1);
    CHECK(TextTemplate("a{##}", plus).needs_total());
    CHECK(TextTemplate("{0#}", plus).needs_total());
    CHECK_FALSE(TextTemplate("{#} {0%} {}", plus).needs_total());
    CHECK_FALSE(TextTemplate("{##}", PlaceholderSet()).needs_total());
}

TEST_CASE("placeholders can be defined", "[cli][template]") {
    const PlaceholderSet set(
        {.definitions =
             {parse_definition("{x}=s/a/1/"),
              parse_definition("{..}=s/.*/own/"),
              parse_definition("{x}=s/a/2/")}},
        {},
        1);
    const TextTemplate text("{x} {2x} {..} {y}", set);
    CHECK(text.fill({.seq = 1, .items = {"a", "ba"}}, 1) == "2 b2 b2 own own {y}");
}

TEST_CASE("columns can be called by their names", "[cli][template][L13]") {
    const PlaceholderSet set({}, {"w", "first name", "name", "name."}, 1);
    const auto filled = [&](std::string_view text) {
        const JobInput input{.seq = 1, .items = {"1.a", "d/2.b", "3.c", "4.d"}};
        return TextTemplate(text, set).fill(input, 1);
    };
    CHECK(filled("{w} {first name} {name}") == "1.a d/2.b 3.c");
    CHECK(filled("{w.} {first name/} {first name//} {first name/.}") == "1 2.b d 2");
    CHECK(filled("{name.} {name..}") == "4.d 4");
    CHECK(filled("{W} {x} {w w}") == "{W} {x} {w w}");
}

TEST_CASE("no name of a column changes what a user has typed", "[cli][template]") {
    const PlaceholderSet set(
        {.definitions = {parse_definition("{x}=s/^/own-/")}},
        {"#", "%", "1", "-1", ".", "//", "2.", "x", "", "a}b", "{c"},
        1);
    const JobInput input{
        .seq = 7, .items = {"i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11"}};
    const auto filled = [&](std::string_view text) {
        return TextTemplate(text, set).fill(input, 3);
    };
    CHECK(filled("{#}|{%}|{1}|{-1}|{2.}") == "7|3|i1|i11|i2");
    CHECK(filled("{1//}") == ".");
    CHECK(filled("{8} {8x}") == "i8 own-i8");
    CHECK(filled("{a}b} {{c} {9}") == "{a}b} {{c} i9");
}

TEST_CASE("a name that two columns have is an error where it is used", "[cli][template]") {
    const PlaceholderSet set({}, {"a", "b", "a"}, 1);
    CHECK(
        TextTemplate("{b} {1} {3}", set).fill({.seq = 1, .items = {"x", "y", "z"}}, 1) == "y x z");
    CHECK_THROWS_WITH(
        TextTemplate("{a.}", set), "'{a.}': columns 1 and 3 are both called 'a'; write {1} or {3}");
}
