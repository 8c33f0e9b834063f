// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <string>

using namespace aiomisc::test;

namespace {

/// What `-k WORDS` prints, if it succeeds without a word on stderr.
Words lines(Words words, const std::optional<std::string>& input = {}) {
    Launcher launcher;
    words.insert(words.begin(), "-k");
    const Outcome outcome = launcher.run(words, {.input = input});
    CHECK(outcome.err == "");
    CHECK(outcome.status.code == 0);
    return lines_of(outcome.out);
}

std::string refusal(const Words& words) {
    Launcher launcher;
    const Outcome outcome = launcher.run(words);
    CHECK(outcome.status.code == 255);
    CHECK(launcher.files().empty());
    return outcome.err;
}

}  // namespace

TEST_CASE("as many items as fit make a job", "[launcher][AR-24]") {
    CHECK(
        lines({"-j1", "-X", "echo", "pre-{}-post", ":::", "A", "B", "C"}) ==
        Words{"pre-A-post pre-B-post pre-C-post"});
    CHECK(
        lines({"-j1", "-X", "echo 'pre {}' \"{}-post\"; :", ":::", "A", "B"}) ==
        Words{"pre A B A-post B-post"});
    CHECK(lines({"-j1", "-X", "-n2", "echo", ":::", "A", "B", "C"}) == Words{"A B", "C"});
    CHECK(lines({"-j2", "-X", "echo", ":::", "1", "2", "3", "4", "5"}) == Words{"1 2 3", "4 5"});
    CHECK(
        lines({"-j1", "-X", job_module("sample"), "action={}", ":::", "a", "b"}) ==
        Words{"a b begins"});
    CHECK_THAT(refusal({"-X", ":::", "touch ran"}), contains("-X needs a command"));
    CHECK_THAT(
        refusal({"-X", job_module("sample"), ":::", "a", "b"}),
        contains("-X needs a parameter that is a list"));
}

TEST_CASE("the limit of the system is what a job is filled up to", "[launcher][AR-24]") {
    constexpr std::size_t kItems = 60'000;
    std::string input;
    for (std::size_t item = 0; item < kItems; ++item) {
        input += "item-" + std::to_string(item) + "-" + std::string(60, 'x') + "\n";
    }
    for (const char* command : {"printf '%s\\n' {}", "printf '%s\\n' {} | cat"}) {
        INFO(command);
        Launcher launcher;
        const Outcome outcome =
            launcher.run({"-k", "-j1", "--joblog", "log", "-X", command}, {.input = input});
        CHECK(outcome.status.code == 0);
        CHECK(outcome.out == input);
        const std::size_t jobs = rows_of(launcher.read("log")).size();
        CHECK(jobs > 1);
        CHECK(jobs < kItems / 100);
    }
}

TEST_CASE("an item that fits nowhere fails alone", "[launcher]") {
    Launcher launcher;
    const std::string input = "a\n" + std::string(200'000, 'x') + "\nb\n";
    const Outcome outcome = launcher.run({"-k", "-j1", "-X", "-s", "echo"}, {.input = input});
    CHECK(outcome.status.code == 1);
    CHECK(lines_of(outcome.out) == Words{"a", "b"});
}

TEST_CASE("plus brings more placeholders", "[launcher][AR-25]") {
    CHECK(
        lines(
            {"--plus",
             "echo",
             "{##} {0#} {..} {%.jpg} {:1:2} {/b/X}",
             ":::",
             "abc.tar.gz",
             "aax.jpg"}) ==
        Words{"2 1 abc abc.tar.gz bc aXc.tar.gz", "2 2 aax.jpg aax ax aax.jpg"});
    CHECK(lines({"--plus", "echo {##}:{0#}; :"}, "a\nb\n") == Words{"2:1", "2:2"});
    CHECK(
        lines({"--plus", "-n2", "--tagstring", "{##}", "echo {}"}, "a\nb\nc\n") ==
        Words{"2\ta b", "2\tc"});
    CHECK(lines({"--plus", "--total", "9", "echo {##} {}"}, "a\n") == Words{"9 a"});
    CHECK(
        lines({"--plus", job_module("sample"), "action={..}", ":::", "x.a.b"}) ==
        Words{"x begins"});
    CHECK_THAT(refusal({"--plus", "touch {%(}", ":::", "ran"}), contains("bad regular expression"));
}

TEST_CASE("placeholders can be defined without code", "[launcher]") {
    CHECK(
        lines(
            {"--define",
             "{day}=s/.*-(..)/\\1/",
             "--define",
             "{up}=s|/[^/]*$||",
             "echo {day} {1up} '{up}'; :",
             ":::",
             "a/b/2026-11-23"}) == Words{"23 a/b a/b"});
    CHECK(
        lines({"--define", "{x}=s/e/E/g", "-I", ",,", "echo", "{x} ,,", ":::", "eve"}) ==
        Words{"EvE eve"});
    CHECK_THAT(refusal({"--define", "{x}=s/(/", "touch", ":::", "ran"}), contains("--define"));
    CHECK_THAT(refusal({"touch {= s/a/b/ =}", ":::", "ran"}), contains("use --define"));
}

TEST_CASE("what placeholders make of a hostile name stays data", "[launcher]") {
    Launcher launcher;
    const std::string item = "$(touch pwned)`touch pwned`';touch pwned;'\".x.y";
    const Outcome outcome = launcher.run(
        {"--plus",
         "--define",
         "{d}=s/x/$(touch pwned)/",
         "printf '%s|' {..} \"{d}\" '{//x/;touch pwned;}'",
         ":::",
         item});
    const std::string bare = item.substr(0, item.size() - 4);
    CHECK(outcome.out == bare + "|" + bare + ".$(touch pwned).y|" + bare + ".;touch pwned;.y|");
    CHECK(launcher.files().empty());
}
