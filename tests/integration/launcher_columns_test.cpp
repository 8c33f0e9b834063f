// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <csignal>
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

/// What is said when nothing may run.
std::string refusal(Words words, const std::optional<std::string>& input = {}) {
    Launcher launcher;
    launcher.write("data.csv", "w,h\n1,2\n\"3,5\n");
    const Words before = launcher.files();
    words.emplace_back("touch ran-{#}");
    const Outcome outcome = launcher.run(words, {.input = input});
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "");
    CHECK(launcher.files() == before);
    return outcome.err;
}

}  // namespace

TEST_CASE("CSV with a header names its columns", "[launcher][AR-13]") {
    CHECK(
        lines({"--csv", "--header", ":", "echo", "{w}x{h}"}, "w,h\n1,2\n\"3,5\",4\n") ==
        Words{"1x2", "3,5x4"});
    CHECK(
        lines(
            {"--csv", "--header", ":", "printf", "%s,", "{text}", "{n}"},
            "n,text\r\n1,\"two\nlines, \"\"quoted\"\"\"\r\n2,\r\n") ==
        Words{"two", "lines, \"quoted\",1,,2,"});
}

TEST_CASE("a header names columns between tabs", "[launcher][AR-14]") {
    CHECK(
        lines({"--header", ":", "echo", "{name}/{age}"}, "name\tage\nbob\t7\n") == Words{"bob/7"});
    CHECK(
        lines(
            {"--header", ":", "echo", "{f/.}", "{g}", ":::", "f", "a/b.c", ":::", "g", "1", "2"}) ==
        Words{"b 1", "b 2"});
    CHECK(
        lines(
            {"-C,", "--header", ":", "echo {first name} {2} {x.}"},
            "first name, x\n a b , c.d \n") == Words{"a b c.d c"});
}

TEST_CASE("items are cut into columns", "[launcher]") {
    CHECK(lines({"-C", " *; *", "echo {2} {1} {-1}"}, "a ; b\nc;d;e\n") == Words{"b a b", "d c e"});
    CHECK(lines({"-C,", "echo", ":::", "a,b"}) == Words{"a b"});
    CHECK(lines({"-C", "\\t", "echo", "{2}"}, "a b\tc d\n") == Words{"c d"});
    CHECK(lines({"--csv", "-C;", "echo", "{2}"}, "a,b;\"c;d\"\n") == Words{"c;d"});
}

TEST_CASE("a job function gets columns by name", "[launcher]") {
    CHECK(
        lines(
            {"--csv", "--header", ":", job_module("sample"), "action={what}"}, "n,what\n1,a b\n") ==
        Words{"a b begins"});
}

TEST_CASE("hostile names of columns change nothing but themselves", "[launcher]") {
    const std::string header = "#,1,,a b,{x,$(touch pwned),a b,\"new\nline\"\n";
    const std::string row = "i1,i2,i3,i4,i5,i6,i7,i8\n";
    CHECK(
        lines(
            {"--csv", "--header", ":", "echo {#} {1} {2} {3} '{x}' {{x} {new\nline}"},
            header + row) == Words{"1 i1 i2 i3 {x} {{x} i8"});
    CHECK(
        lines({"--csv", "--header", ":", "echo \"{$(touch pwned)}\""}, header + row) ==
        Words{"i6"});
    CHECK_THAT(
        refusal({"--csv", "--header", ":", "echo {a b};"}, header + row),
        contains("'{a b}': columns 4 and 7 are both called 'a b'; write {4} or {7}"));
}

TEST_CASE("hostile content of a column stays data", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--csv", "--header", ":", "printf '<%s>' {x} \"{x}\" '{x}'"},
        {.input = "x\n\"$(touch pwned)';touch pwned;'\"\n"});
    const std::string item = "<$(touch pwned)';touch pwned;'>";
    CHECK(outcome.out == item + item + item);
    CHECK(launcher.files().empty());
}

TEST_CASE("a broken header is told before anything runs", "[launcher]") {
    CHECK_THAT(
        refusal({"--csv", "--header", ":"}, "a,b\"c\n1,2\n"),
        contains("stdin: line 1: column 2 has a quote that neither begins nor ends it"));
    CHECK_THAT(refusal({"--header", "2"}), contains("--header '2': expected ':'"));
    CHECK_THAT(refusal({"-C", "("}), contains("bad regular expression '('"));
    CHECK_THAT(refusal({"-C", "|"}), contains("'|' matches the empty text"));
    CHECK_THAT(refusal({"--csv", "-C", ";;"}), contains("--colsep with --csv"));
}

TEST_CASE("a broken quote ends the run and names file and line", "[launcher]") {
    Launcher launcher;
    launcher.write("data.csv", "w,h\n1,2\n\"3,5\nx\n");
    const Outcome outcome =
        launcher.run({"-j1", "--csv", "--header", ":", "-a", "data.csv", "echo {w}x{h}"});
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "1x2\n");
    CHECK_THAT(
        outcome.err, contains("data.csv: line 3: column 1 begins with a quote that is not closed"));
}

TEST_CASE("a launcher that waits for a header can be interrupted", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"--header", ":", "echo", "{a}"});
    process.write(std::string(200'000, 'a'));  // more than a pipe holds: it is being read
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(nothing_left_of(process));
}

TEST_CASE("a job runs before the line behind its own is there", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"--csv", "--header", ":", "echo got {a}"});
    process.write("a,b\n\"1\n");
    process.write("2\",x\n");
    CHECK(process.read_line() == "got 1");
    CHECK(process.read_line() == "2");
    process.close_stdin();
    CHECK(process.wait().code == 0);
}

TEST_CASE("a random order can be repeated", "[launcher]") {
    Launcher launcher;
    const Words items{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
    Words words{"-k", "--shuf", "echo", "{#}{}", ":::"};
    words.insert(words.end(), items.begin(), items.end());
    const Outcome first = launcher.run(words);
    CHECK(first.status.code == 0);
    const std::string said = "aiomisc-run: the order is that of ";
    REQUIRE(first.err.starts_with(said));
    words[1] = first.err.substr(said.size(), first.err.find('\n') - said.size());
    const Outcome again = launcher.run(words);
    CHECK(again.out == first.out);
    CHECK(again.err == first.err);

    Words printed = lines_of(first.out);
    REQUIRE(printed.size() == items.size());
    for (std::size_t at = 0; at < printed.size(); ++at) {
        const std::string number = std::to_string(at + 1);
        REQUIRE(printed[at].starts_with(number));
        printed[at].erase(0, number.size());
    }
    std::ranges::sort(printed);
    CHECK(printed == items);
    CHECK_THAT(refusal({"--shuf=x"}), contains("expected a number"));
}
