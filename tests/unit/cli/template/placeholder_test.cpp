// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/placeholder.h>

#include "support/catch.h"

#include <aiomisc/cli/template/path_parts.h>
#include <aiomisc/cli/template/text_template.h>

using namespace aiomisc::cli;
using Part = Placeholder::Part;

namespace {

std::string fill(std::string_view text, std::vector<std::string> items, unsigned slot = 1) {
    return TextTemplate(text, "{}").fill({.seq = 7, .items = std::move(items)}, slot);
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
        REQUIRE_FALSE(match_placeholder(text, "{}"));
        REQUIRE(fill(text, {"item"}) == text);
    }
}

TEST_CASE("option -I replaces the spelling of {} and of nothing else", "[cli][template][L26]") {
    const TextTemplate text(",, {} {.} {1}", ",,");
    REQUIRE(text.fill({.seq = 1, .items = {"a.b"}}, 1) == "a.b {} a a.b");
}

TEST_CASE("a template knows what stands in it", "[cli][template]") {
    REQUIRE_FALSE(TextTemplate("plain", "{}").has_placeholder());
    REQUIRE(TextTemplate("a{#}", "{}").has_placeholder());
    REQUIRE(TextTemplate("{}", "{}").sole_placeholder() != nullptr);
    REQUIRE(TextTemplate("{}x", "{}").sole_placeholder() == nullptr);
    REQUIRE(TextTemplate("{}x", "{}").embeds_all_items());
    REQUIRE_FALSE(TextTemplate("{1}x", "{}").embeds_all_items());
    REQUIRE_FALSE(TextTemplate("{}", "{}").embeds_all_items());
}
