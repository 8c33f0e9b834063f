// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/command_template.h>

#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/input/job_inputs.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/template/plain_words.h>
#include <aiomisc/runtime/base/error.h>

#include <filesystem>

using namespace aiomisc::cli;
using aiomisc::test::Process;
using Words = std::vector<std::string>;

namespace {

/// The commands of a command line, in order.
std::vector<FilledCommand> commands(const Words& words) {
    const Options options = parse_command_line(words);
    JobInputs inputs = JobInputs::open(options.sources, options.input);
    const auto command = CommandTemplate::make(
        options.command, PlaceholderSet(options.command, {}, 1), inputs.shape().many_items);
    std::vector<FilledCommand> filled;
    JobInput input;
    while (inputs.next(input) == Pull::kItem) {
        filled.push_back(command->fill(input, 1));
    }
    return filled;
}

std::string run(const Command& command) {
    Words argv = command.argv;
    argv.front() = command.program;
    return Process::start(argv).read_all();
}

/// What the jobs print, and that the shown text prints the same.
std::string output_of(const Words& words) {
    std::string output;
    for (const FilledCommand& filled : commands(words)) {
        const std::string printed = run(filled.command);
        REQUIRE(Process::start({"/bin/sh", "-c", filled.text}).read_all() == printed);
        output += printed;
    }
    return output;
}

bool uses_shell(const Words& words) {
    return commands(words).at(0).command.argv.at(0).ends_with("sh");
}

}  // namespace

TEST_CASE("without a placeholder the items are appended", "[cli][template][L1][L3]") {
    REQUIRE(output_of({"echo", ":::", "A", "B"}) == "A\nB\n");
    REQUIRE(output_of({"echo", ":::", "A", ":::", "1", "2"}) == "A 1\nA 2\n");
    REQUIRE(output_of({"echo a; echo", ":::", "X"}) == "a\nX\n");
    REQUIRE(output_of({"echo", "{#}", ":::", "A", "B"}) == "1\n2\n");
    REQUIRE(output_of({"-N0", "echo", "foo", ":::", "1", "2"}) == "foo\nfoo\n");
}

TEST_CASE("several items a job fill {} and positions", "[cli][template][L23]") {
    REQUIRE(
        output_of({"-N3", "echo", "1={1} 2={2} 3={3}", ":::", "A", "B", "C", "D"}) ==
        "1=A 2=B 3=C\n1=D 2= 3=\n");
    REQUIRE(output_of({"-n2", "echo", ":::", "A", "B", "C"}) == "A B\nC\n");
    REQUIRE(
        output_of({"-n2", "echo", "pre-{}-post", ":::", "A", "B", "C"}) ==
        "pre-A B-post\npre-C-post\n");
    REQUIRE(output_of({"-n2", "printf", "%s.", "{}", ":::", "a b", "c"}) == "a b.c.");
}

TEST_CASE("words with shell syntax are a script, others are executed", "[cli][template]") {
    REQUIRE_FALSE(uses_shell({"echo", "a{}b", ":::", "x"}));
    REQUIRE_FALSE(uses_shell({"printf", "%s", ":::", "x"}));
    REQUIRE_FALSE(uses_shell({"/bin/echo", "--opt=1", ":::", "x"}));
    for (const char* text :
         {"echo '{}'",
          "echo \"{}\"",
          "echo $HOME",
          "echo {} | cat",
          "echo *",
          "exit 3",
          "X=1 env",
          "echo ~",
          "nosuchcommand {}",
          "echo a;b",
          "if",
          "{} a",
          "echo [{}]",
          "cd /",
          "echo a\\b",
          "{.}",
          "echo {a,b}"}) {
        CAPTURE(text);
        REQUIRE(uses_shell({text, ":::", "x"}));
    }
    REQUIRE(uses_shell({"--shell", "/bin/sh", "echo", ":::", "x"}));
    REQUIRE(uses_shell({"--mode", "shell", "echo", ":::", "x"}));
}

TEST_CASE("option --no-shell executes the words as they stand", "[cli][template][L29]") {
    REQUIRE(
        output_of({"--no-shell", "printf", "%s|", "*", "$HOME", "{}", ":::", "a  b"}) ==
        "*|$HOME|a  b|");
    REQUIRE(output_of({"--mode", "exec", "printf", "%s|", "x {} y", ":::", "it's"}) == "x it's y|");
    const auto filled = commands({"--no-shell", "{}", "-c", "true", ":::", "sh"});
    REQUIRE(filled[0].command.argv == Words{"sh", "-c", "true"});
    REQUIRE(filled[0].command.program.ends_with("/sh"));
}

TEST_CASE("option -q takes shell syntax literally", "[cli][template][L31]") {
    REQUIRE(output_of({"-q", "echo", "$HOME", "{}", ":::", "x y"}) == "$HOME x y\n");
    REQUIRE(output_of({"-q", "printf", "<%s>", "a'b", "", "{}'{}", ":::", "i"}) == "<a'b><><i'i>");
    REQUIRE(output_of({"-q", "eval", "echo {}", ":::", "x"}) == "x\n");
}

TEST_CASE("with -q no placeholder reaches from one word into the next", "[cli][template][L31]") {
    CHECK(
        output_of(
            {"--plus",
             "-q",
             "--shell",
             "/bin/sh",
             "printf",
             "<%s>",
             "{:-a",
             "b}",
             "{}",
             ":::",
             "x"}) == "<{:-a><b}><x>");
    CHECK(
        output_of({"-q", "-I", "' '", "--shell", "/bin/sh", "printf", "<%s>", "a", ":::", "x"}) ==
        "<a><x>");
    CHECK(
        output_of(
            {"-q", "-X", "--shell", "/bin/sh", "printf", "<%s>", "a b{}", "", ":::", "x", "y z"}) ==
        "<a bx><a by z><>");
}

TEST_CASE("items are shown so that a shell does the same with them", "[cli][template][L30]") {
    const aiomisc::test::TempDir dir;
    const auto stub = dir.write("stub-convert", "#!/bin/sh\nprintf '<%s>' \"$@\"\necho\n");
    std::filesystem::permissions(stub, std::filesystem::perms::owner_all);
    const std::string path = dir.path().string() + ":/usr/bin:/bin";
    const Words words{"stub-convert {} {.}.png", ":::", "x y.jpg", "it's", "", "$(id)", "a\nb"};
    for (const FilledCommand& filled : commands(words)) {
        const std::map<std::string, std::string> environment{{"PATH", path}};
        auto real = Process::start(filled.command.argv, {.environment = environment});
        auto shown = Process::start({"/bin/sh", "-c", filled.text}, {.environment = environment});
        REQUIRE(real.read_all() == shown.read_all());
    }
    REQUIRE(commands(words)[0].text == "stub-convert 'x y.jpg' 'x y'.png");
}

TEST_CASE("without TARGET each item is a command line", "[cli][template][L18]") {
    REQUIRE(output_of({":::", "echo a", "echo b | tr b c"}) == "a\nc\n");
}

TEST_CASE("option -I names another placeholder", "[cli][template][L26]") {
    REQUIRE(output_of({"-I", ",,", "echo", ",,", ":::", "A/B.C"}) == "A/B.C\n");
    REQUIRE(output_of({"-I", "$x", "echo '$x' \"$x\"", ":::", "a b"}) == "a b a b\n");
}

TEST_CASE("a file that can be executed is one word whatever its name", "[cli][template]") {
    const aiomisc::test::TempDir dir;
    const auto tool = dir.write("my tool", "#!/bin/sh\necho ran \"$@\"\n");
    std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
    REQUIRE(output_of({tool.string(), "{}", ":::", "x"}) == "ran x\n");
    REQUIRE(output_of({tool.string(), "'{}'", "|", "cat", ":::", "x"}) == "ran x\n");
}

TEST_CASE("a zero byte cannot be an argument", "[cli][template]") {
    const auto command = CommandTemplate::make({.words = {"echo"}}, PlaceholderSet(), false);
    const JobInput input{.seq = 1, .items = {std::string("a\0b", 3)}};
    REQUIRE_THROWS_WITH(command->fill(input, 1), aiomisc::test::contains("zero byte"));
}

TEST_CASE(
    "a placeholder where no value can be written is refused before any job", "[cli][template]") {
    REQUIRE_THROWS_AS(
        CommandTemplate::make({.words = {"cat <<'E'\n{}\nE"}}, PlaceholderSet(), false),
        UsageError);
}

TEST_CASE("a word without shell syntax is repeated for each item", "[cli][template][L24]") {
    const auto filled = commands({"-X", "echo", "pre-{}-post", "{.}", "{#}", ":::", "a.x", "b c"});
    REQUIRE(filled.size() == 1);
    CHECK(filled[0].command.argv == Words{"echo", "pre-a.x-post", "pre-b c-post", "a", "b c", "1"});
    CHECK(filled[0].text == "echo pre-a.x-post 'pre-b c-post' a 'b c' 1");
    CHECK_THROWS_AS(commands({"-X", ":::", "echo a"}), UsageError);
}
