// SPDX-License-Identifier: MIT
#include <aiomisc/cli/text/item_edit.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/text/regex.h>

#include <string>

using namespace aiomisc::cli;

namespace {

std::string plus(std::string_view name, std::string_view item) {
    const auto edit = plus_edit(name);
    REQUIRE(edit);
    REQUIRE(edit->name() == name);
    return (*edit)(item);
}

std::string defined(const std::string& definition, std::string_view item) {
    return parse_definition(definition)(item);
}

}  // namespace

TEST_CASE("plus takes more of a path apart", "[cli][text][L25]") {
    CHECK(plus("..", "a.b/c.tar.gz") == "a.b/c");
    CHECK(plus("..", "a.b/c.gz") == "a.b/c.gz");
    CHECK(plus("...", "a.b.c.d") == "a");
    CHECK(plus("/..", "d.x/c.tar.gz") == "c");
    CHECK(plus("/..", "d.x/a.b.c.d") == "a.b");
    CHECK(plus("/..", "plain") == "plain");
    CHECK(plus("/...", "d.x/a.b.c.d") == "a");
    CHECK(plus("+/", "a/b/c") == "a/b");
    CHECK(plus("+/", "plain") == "");
    CHECK(plus("+.", "a/b.tar.gz") == "gz");
    CHECK(plus("+.", "plain") == "");
    CHECK(plus("+..", "a/b.tar.gz") == "tar.gz");
    CHECK(plus("+..", "b.gz") == "");
    CHECK(plus("+...", "b.c.tar.gz") == "c.tar.gz");
    CHECK(plus("..", "new\nline.a.b") == "new\nline");
}

TEST_CASE("plus cuts and replaces like bash but with expressions", "[cli][text][L25]") {
    CHECK(plus(":2", "abcdef") == "cdef");
    CHECK(plus(":2:3", "abcdef") == "cde");
    CHECK(plus(":9", "abc") == "");
    CHECK(plus(":1:1", "a\xc3\xa4z") == "\xc3\xa4");  // characters,
    CHECK(plus(":1:1", "a\xffz") == "\xff");          // or bytes
    CHECK(plus(":-none", "") == "none");
    CHECK(plus(":-none", "0") == "0");
    CHECK(plus("%.gz", "a.gz.gz") == "a.gz");
    CHECK(plus("%.z.*z", "foo.z.z.z") == "foo.z");
    CHECK(plus("%%.z.*z", "foo.z.z.z") == "foo");
    CHECK(plus("#z.*z.", "z.z.z.foo") == "z.foo");
    CHECK(plus("##z.*z.", "z.z.z.foo") == "foo");
    CHECK(plus("/b/X", "abcb") == "aXcb");
    CHECK(plus("/b/", "abcb") == "acb");
    CHECK(plus("//b/X", "abcb") == "aXcX");
    CHECK(plus("/#b/X", "bcb") == "Xcb");
    CHECK(plus("/%b/X", "bcb") == "bcX");
    CHECK(plus("/b/\\1&", "abc") == "a\\1&c");
    CHECK(plus("/a|b/X", "cb") == "cX");
}

TEST_CASE("plus changes the case of letters", "[cli][text]") {
    CHECK(plus("^a", "aba") == "Aba");
    CHECK(plus("^a", "aaa") == "Aaa");
    CHECK(plus("^b", "aba") == "aba");
    CHECK(plus("^^[ab]", "abcab") == "ABcAB");
    CHECK(plus("^^x*", "axa") == "aXa");
    CHECK(plus(",A", "AbA") == "abA");
    CHECK(plus(",,A|B", "ABC") == "abC");
    CHECK(plus("^^.", "\xc3\xa4z") == "\xc3\xa4Z");
}

TEST_CASE("what only looks like an edit of plus is none", "[cli][text]") {
    for (const char* name :
         {"....", "+", "+x", ":", ":x", ":1:", ":1:2:3", ":-", "%", "#", "^", "/b", "//b", "x"}) {
        CAPTURE(name);
        CHECK_FALSE(plus_edit(name));
    }
    CHECK_THROWS_AS(plus_edit("%(["), UsageError);
}

TEST_CASE("a definition is like a substitution of sed", "[cli][text]") {
    CHECK(defined("{x}=s/a/b/", "aa") == "ba");
    CHECK(defined("{x}=s/a/b/g", "aa") == "bb");
    CHECK(defined("{x}=s/A/b/gi", "aAa") == "bbb");
    CHECK(defined("{x}=s|/|-|g", "a/b/c") == "a-b-c");
    CHECK(defined("{x}=s/\\//-/", "a/b") == "a-b");
    CHECK(defined("{x}=s/(.*)-(.*)/\\2-\\1/", "a-b") == "b-a");
    CHECK(defined("{x}=s/b/[&]\\&/", "abc") == "a[b]&c");
    CHECK(defined("{x}=s/ /\\n\\t\\\\/", "a b") == "a\n\t\\b");
    CHECK(defined("{x}=s/^/pre-/", "a") == "pre-a");
    CHECK(defined("{x}=s/x$//", "\xff\xfex") == "\xff\xfe");
    CHECK(defined("{x}=s/./-/g", "\xc3\xa4\xc3\xa4") == "--");
    CHECK(parse_definition("{name with blanks}=s/a/b/").name() == "name with blanks");
}

TEST_CASE("a definition that cannot be understood is refused", "[cli][text]") {
    for (const char* definition :
         {"",
          "x=s/a/b/",
          "{}=s/a/b/",
          "{x}",
          "{x}=",
          "{x}=a",
          "{x}=y/a/b/",
          "{x}=s",
          "{x}=s/a",
          "{x}=s/a/b",
          "{x}=s/a/b/e",
          "{x}=s/a/b/;s/b/c/",
          "{x}=s/(/b/",
          "{x}=s/a/\\1/",
          "{.}=s/a/b/",
          "{#}=s/a/b/",
          "{1}=s/a/b/",
          "{-1}=s/a/b/",
          "{a{b}=s/a/b/"}) {
        CAPTURE(definition);
        CHECK_THROWS_AS(parse_definition(definition), UsageError);
    }
}

TEST_CASE("a long item costs neither the stack nor time without end", "[cli][text]") {
    const std::string item(1 << 20, 'a');
    CHECK(defined("{x}=s/(a*)*b/x/", item) == item);
    CHECK(defined("{x}=s/(a|aa)+/x/", item) == "x");
}
