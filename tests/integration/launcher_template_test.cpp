// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <string>

using namespace aiomisc::test;

namespace {

/// Names that a shell, a terminal or an option parser would make something of.
const Words kHostile{
    "$(touch X)",
    "`touch X`",
    "\"; touch X; \"",
    "'; touch X; '",
    "new\nline",
    "-n",
    "--help",
    "a  b",
    "$HOME",
    "*",
    "it's",
    "~",
    "\\",
    "\\n",
    "{}",
    "{#}",
    "!!",
    "\x80\xff\xfe",
    "\x1b[31mred"};

std::string joined(const Words& words, const std::string& end) {
    std::string text;
    for (const std::string& word : words) {
        text += word + end;
    }
    return text;
}

}  // namespace

TEST_CASE("placeholders take paths apart", "[launcher][AR-21]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-k",
         "echo",
         "{},{.},{/},{//},{/.},{#}",
         ":::",
         "a/b.c/d.tar.gz",
         "plain",
         ".hidden",
         "dir.d/file",
         "/abs/x.jpg"});
    CHECK(
        lines_of(outcome.out) == Words{
                                     "a/b.c/d.tar.gz,a/b.c/d.tar,d.tar.gz,a/b.c,d.tar,1",
                                     "plain,plain,plain,.,plain,2",
                                     ".hidden,,.hidden,.,,3",
                                     "dir.d/file,dir.d/file,file,dir.d,file,4",
                                     "/abs/x.jpg,/abs/x,x.jpg,/abs,x,5"});
}

TEST_CASE("placeholders name sources by their position", "[launcher][AR-22]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"echo", "1={1} b={1/} last={-1} none=[{3}]", ":::", "p/A.x", ":::", "B"});
    CHECK(outcome.out == "1=p/A.x b=A.x last=B none=[]\n");
}

TEST_CASE("another placeholder can be chosen", "[launcher][AR-26]") {
    Launcher launcher;
    CHECK(launcher.run({"-I", ",,", "echo", ",,", "{}", ":::", "A/B.C"}).out == "A/B.C {}\n");
}

TEST_CASE("a hostile name stays a name", "[launcher]") {
    Launcher launcher;
    const std::string items = joined(kHostile, std::string(1, '\0'));
    const std::string printed = joined(kHostile, "|");
    for (const char* command :
         {R"(printf '%s|' {})",
          R"(printf '%s|' "{}")",
          R"(printf '%s|' '{}')",
          R"-(printf '%s|' "$(printf %s {})")-",
          R"(x={}; printf '%s|' "$x")"}) {
        INFO(command);
        const Outcome outcome = launcher.run({"-k", "-0", command}, {.input = items});
        CHECK(outcome.out == printed);
        CHECK(outcome.err == "");
    }
    for (const char* option : {"--no-shell", "-q"}) {
        INFO(option);
        const Outcome outcome =
            launcher.run({"-k", "-0", option, "printf", "%s|", "{}"}, {.input = items});
        CHECK(outcome.out == printed);
    }
    CHECK(launcher.files().empty());
}

TEST_CASE("any bytes reach a command as they are", "[launcher][AR-27]") {
    std::string high;
    for (int byte = 0; byte < 300; ++byte) {
        high += static_cast<char>(0x80 + byte % 0x80);
    }
    const Words items{"a  b", "$HOME", "*", "it's", "\"q\"", ";ls", "-n", "\\", "\n", high};
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-k", "-0", "printf '<%s>' {}"}, {.input = joined(items, std::string(1, '\0'))});
    CHECK(outcome.out == "<" + joined(items, "><").substr(0, joined(items, "><").size() - 1));
    CHECK(outcome.err == "");
}

TEST_CASE("a hostile name reaches a job function as it is", "[launcher]") {
    Launcher launcher;
    const std::string items = joined(kHostile, std::string(1, '\0'));
    const Outcome outcome =
        launcher.run({"-k", "-0", job_module("sample"), "action={}"}, {.input = items});
    CHECK(outcome.out == joined(kHostile, " begins\n"));
    CHECK(launcher.files().empty());
}

TEST_CASE("what is said of a hostile name does not reach the terminal raw", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"echo {}; false", ":::", "\x1b[31mred\a"});
    CHECK(outcome.out == "\x1b[31mred\a\n");
    CHECK_THAT(outcome.err, contains("\\x1b[31mred\\x07"));
    CHECK(outcome.err.find('\x1b') == std::string::npos);
    CHECK(outcome.err.find('\a') == std::string::npos);
}

TEST_CASE("words are taken literally without a shell", "[launcher][AR-29][AR-31]") {
    Launcher launcher;
    CHECK(
        launcher.run({"--no-shell", "printf", "%s|", "*", "$HOME", "{}", ":::", "a  b"}).out ==
        "*|$HOME|a  b|");
    CHECK(launcher.run({"-q", "echo", "$HOME", "{}", ":::", "x y"}).out == "$HOME x y\n");
}

TEST_CASE("a dry run prints what a shell would run, and runs nothing", "[launcher][AR-30]") {
    Launcher launcher;
    const Words words{"-k", "printf '<%s>' {} {.}.png >ran-{#}", ":::", "x y.jpg", "it's", "$(z)"};
    Words dry = words;
    dry.insert(dry.begin(), "--dry-run");
    const Outcome plan = launcher.run(dry);
    CHECK(plan.status.code == 0);
    CHECK(launcher.files().empty());

    REQUIRE(launcher.run(words).status.code == 0);
    Launcher by_shell;
    Process shell = Process::start({"/bin/sh", "-c", "cd \"$0\" && exec sh", by_shell.work()});
    shell.write(plan.out);
    shell.close_stdin();
    REQUIRE(shell.wait().code == 0);
    for (const char* file : {"ran-1", "ran-2", "ran-3"}) {
        CHECK(by_shell.read(file) == launcher.read(file));
    }
}

TEST_CASE("a dry run tells of jobs that would not be started, and goes on", "[launcher]") {
    Launcher launcher;
    const Words words{"-k", "echo $(({}+1))", ":::", "1", "x\n", "3"};
    Words dry = words;
    dry.insert(dry.begin(), "--dry-run");
    const Outcome plan = launcher.run(dry);
    CHECK(plan.out == "echo $((1+1))\necho $((3+1))\n");
    CHECK_THAT(plan.err, contains("aiomisc-run: job 2 would not be started ("));
    CHECK_THAT(plan.err, contains("not an integer): false 'x\\n'\n"));
    CHECK(plan.status.code == launcher.run(words).status.code);

    std::string items;
    for (int item = 0; item < 102; ++item) {
        items += "x\n";
    }
    CHECK(launcher.run({"--dry-run", ": $(({}))"}, {.input = items}).status.code == 101);
}

TEST_CASE("a dry run of a job script does not run it", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"--dry-run", job_module("script"), "2", "a b"});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == job_module("script") + " 2 'a b'\n");
}

TEST_CASE("commands are shown before they run", "[launcher][AR-33]") {
    Launcher launcher;
    const Outcome to_stderr = launcher.run({"-t", "echo", ":::", "a b"});
    CHECK(to_stderr.out == "a b\n");
    CHECK(to_stderr.err == "echo 'a b'\n");
    CHECK(launcher.run({"-v", "echo", ":::", "a b"}).out == "echo 'a b'\na b\n");
}

TEST_CASE("no two running jobs share a slot", "[launcher][AR-32]") {
    Launcher launcher;
    // Who finds its slot's directory made has company.
    const Outcome outcome = launcher.run(
        {"-j3",
         "test {%} = $AIOMISC_SLOT && mkdir slot-{%} && sleep 0.0{} && rmdir slot-{%} && echo {%}",
         ":::",
         "3",
         "1",
         "2",
         "1",
         "2",
         "3",
         "1",
         "1"});
    CHECK(outcome.status.code == 0);
    for (const std::string& slot : lines_of(outcome.out)) {
        CHECK((slot == "1" || slot == "2" || slot == "3"));
    }
}

TEST_CASE("a job learns its number, slot and attempt from the environment", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-k",
         "-j1",
         "echo $AIOMISC_SEQ $AIOMISC_SLOT $AIOMISC_ATTEMPT $PARALLEL_SEQ $PARALLEL_JOBSLOT; : {}",
         ":::",
         "a",
         "b"});
    CHECK(lines_of(outcome.out) == Words{"1 1 1 1 1", "2 1 1 2 1"});
}
