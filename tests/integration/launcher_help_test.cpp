// SPDX-License-Identifier: MIT
// What the commands tell about themselves: help, manual page, completions.
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace aiomisc::test;

namespace {

/// What a program, found in PATH, prints to both stdout and stderr.
std::string output_of(const Words& words) {
    Process process = Process::start(words, {.environment = {}, .merge_stderr = true});
    process.close_stdin();
    std::string out = process.read_all();
    process.wait();
    return out;
}

bool is_installed(const std::string& program) {
    return !output_of({"sh", "-c", "command -v \"$0\"", program}).empty();
}

/// Words of a text that look like options, without what surrounds them.
std::set<std::string> options_in(const std::string& text) {
    std::set<std::string> found;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const std::string name = word.substr(0, word.find_first_of(",[=.;:)"));
        const bool is_option = name.size() > 1 && name[0] == '-' &&
                               name.find_first_not_of(
                                   "-abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == std::string::npos;
        if (is_option) {
            found.insert(name);
        }
    }
    return found;
}

/// Completion of the last of `words`, which follow `aiomisc-run`, by the script for bash.
std::set<std::string> bash_completes(Launcher& launcher, const Words& words) {
    launcher.write("completion.bash", launcher.run({"--help=bash"}).out);
    Words command{
        "bash",
        "--norc",
        "-c",
        R"(cd "$0" && . ./completion.bash || exit
           COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
           _aiomisc_run "$1"  # compopt fails: nothing is completed here
           printf '%s\n' "${COMPREPLY[@]}")",
        launcher.work().string(),
        AIOMISC_TEST_RUN};
    command.insert(command.end(), words.begin(), words.end());
    std::set<std::string> found;
    for (const std::string& line : lines_of(output_of(command))) {
        if (!line.empty()) {
            found.insert(line);
        }
    }
    return found;
}

using Found = std::set<std::string>;

}  // namespace

TEST_CASE("the short help names options that exist", "[launcher][help]") {
    Launcher launcher;
    const auto known = options_in(launcher.run({"--help=all"}).out);
    CHECK(known.size() > 50);
    for (const std::string& option : options_in(launcher.run({"--help"}).out)) {
        INFO(option);
        CHECK(
            (known.contains(option) || option == "-9" || option == "-print" || option == "-name"));
    }
}

TEST_CASE("the version tells which build it is and which modules it loads", "[launcher][help]") {
    Launcher launcher;
    const std::string line = launcher.run({"--version"}).out;
    CHECK_THAT(line, starts_with("aiomisc-run ") && ends_with(")\n"));
    const std::size_t id = line.find("(build ") + std::string("(build ").size();
    const std::size_t end = line.find(", job module ABI ", id);
    REQUIRE(end != std::string::npos);
    CHECK(end - id >= 16);
    CHECK(line.substr(id, end - id).find_first_not_of("0123456789abcdef") == std::string::npos);
    // The number that a module has, too.
    const std::string abi = line.substr(line.rfind(' ') + 1, line.rfind(')') - line.rfind(' ') - 1);
    CHECK_THAT(
        launcher.run({"--describe", job_module("lines")}).out, contains("\nabi " + abi + ","));
}

TEST_CASE("every option of the long help is accepted", "[launcher][help]") {
    Launcher launcher;
    const std::string help = launcher.run({"--help=all"}).out;
    for (const std::string& option : options_in(help.substr(0, help.find("\nPlaceholders:")))) {
        // What is wrong is told from left to right; an option with a value takes the first of two.
        const Outcome outcome = launcher.run({option, "--nosuchoption", "--nosuchoption"});
        INFO(option << ": " << outcome.err);
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("unknown option '--nosuchoption'"));
    }
}

TEST_CASE(
    "the manual page has every option and roff has nothing to say against it", "[launcher][help]") {
    Launcher launcher;
    const std::string page = launcher.run({"--help=man"}).out;
    CHECK_THAT(page, starts_with(".TH AIOMISC\\-RUN 1 "));
    CHECK_THAT(page, contains(".SH SYNOPSIS\n") && contains(".SH EXIT STATUS\n"));
    if (!is_installed("groff")) {
        WARN("there is no groff: the page is not rendered");
        return;
    }
    launcher.write("page.1", page);
    CHECK(output_of({"groff", "-ww", "-man", "-Tutf8", "-z", launcher.work() / "page.1"}) == "");
    const std::string text =
        output_of({"groff", "-man", "-Tascii", "-P-cbou", "-rLL=200n", launcher.work() / "page.1"});
    const auto shown = options_in(text);
    for (const std::string& option : options_in(launcher.run({"--help=all"}).out)) {
        INFO(option);
        CHECK(shown.contains(option));
    }
}

TEST_CASE("bash completes options and their values", "[launcher][help]") {
    Launcher launcher;
    CHECK(bash_completes(launcher, {"--keep"}) == Found{"--keep-order"});
    CHECK(bash_completes(launcher, {"-k", "--keep"}) == Found{"--keep-order"});
    CHECK(bash_completes(launcher, {"-j", "4", "--keep"}) == Found{"--keep-order"});
    CHECK(bash_completes(launcher, {"-kj", "4", "--keep"}) == Found{"--keep-order"});
    CHECK(bash_completes(launcher, {"-kj4", "--keep"}) == Found{"--keep-order"});
    CHECK(bash_completes(launcher, {"--jobs", "=", "4", "--keep"}) == Found{"--keep-order"});
    CHECK(bash_completes(launcher, {"--summary", ""}) == Found{"always", "auto", "never"});
    CHECK(bash_completes(launcher, {"--summary", "=", "n"}) == Found{"never"});
    CHECK(bash_completes(launcher, {"--summary", "="}) == Found{"always", "auto", "never"});
    CHECK(bash_completes(launcher, {"--help=m"}) == Found{"--help=man"});
    CHECK(bash_completes(launcher, {"--nosuch"}) == Found{});
    CHECK(bash_completes(launcher, {"--joblog", "x"}) == Found{});  // a name of a file
}

TEST_CASE("bash completes commands and what follows them is theirs", "[launcher][help]") {
    Launcher launcher;
    CHECK(bash_completes(launcher, {"gunzi"}).contains("gunzip"));
    CHECK(bash_completes(launcher, {"--", "gunzi"}).contains("gunzip"));
    CHECK(bash_completes(launcher, {"echo", "--keep"}) == Found{});
    launcher.write("shrink.cpp", "");
    launcher.write("shrink.txt", "");
    CHECK(bash_completes(launcher, {"-k", "shri"}) == Found{"shrink.cpp"});
}

TEST_CASE("bash completes the parameters of a job up to the items", "[launcher][help]") {
    Launcher launcher;
    for (const std::string& job : {job_module("lines"), job_source("lines")}) {
        INFO(job);
        CHECK(bash_completes(launcher, {"-k", job, ""}) == Found{"file=", "longest="});
        CHECK(bash_completes(launcher, {"-k", job, "file", "=", "{}", "lon"}) == Found{"longest="});
        CHECK(bash_completes(launcher, {"-k", job, "file", "=", "li"}) == Found{});
        CHECK(bash_completes(launcher, {"-k", job, "file", "=", "{}", ":::", "lon"}) == Found{});
    }
    CHECK(bash_completes(launcher, {"absent.so", "lon"}) == Found{});
}

TEST_CASE("the completion for zsh is one that zsh can read", "[launcher][help]") {
    Launcher launcher;
    const std::string script = launcher.run({"--help=zsh"}).out;
    CHECK_THAT(script, starts_with("#compdef aiomisc-run\n"));
    CHECK_THAT(script, contains("'*--summary=[") && contains(":value:(auto always never)'"));
    if (!is_installed("zsh")) {
        WARN("there is no zsh: the script is not read");
        return;
    }
    launcher.write("_aiomisc-run", script);
    CHECK(output_of({"zsh", "-f", "-n", launcher.work() / "_aiomisc-run"}) == "");
}

namespace {

/// A row of a table that compares another program with this one.
struct ComparedRow {
    std::set<std::string> options;
    std::string verdict;
};

/// Options between backticks, without their values.
std::set<std::string> quoted_options(const std::string& cell) {
    std::set<std::string> found;
    std::istringstream parts(cell);
    std::string part;
    for (bool is_quoted = false; std::getline(parts, part, '`'); is_quoted = !is_quoted) {
        if (is_quoted && part.starts_with('-') && part.size() > 1) {
            found.insert(part.substr(0, part.find_first_of(" =")));
        }
    }
    return found;
}

/// The rows of the table below a heading of cli/README.md.
std::vector<ComparedRow> compared_rows(const std::string& heading) {
    std::ifstream readme(AIOMISC_TEST_CLI_README);
    std::vector<ComparedRow> rows;
    bool is_below = false;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with('#')) {
            is_below = line == "## " + heading;
        }
        const std::size_t middle = line.find(" | ");
        if (is_below && line.starts_with("| `") && middle != std::string::npos) {
            rows.push_back(
                {.options = quoted_options(line.substr(0, middle)),
                 .verdict = line.substr(middle + 3)});
        }
    }
    return rows;
}

/// Whether the launcher refuses an option with a reason of its own.
bool is_refused(Launcher& launcher, const std::string& option) {
    const Outcome outcome = launcher.run({option, "--nosuchoption", "--nosuchoption"});
    INFO(outcome.err);
    CHECK(outcome.status.code == 255);
    return outcome.err.starts_with("aiomisc-run: " + option + ": ");
}

}  // namespace

TEST_CASE("what the README says of the options of others holds", "[launcher][help]") {
    Launcher launcher;
    const auto known = options_in(launcher.run({"--help=all"}).out);
    for (const char* program : {"GNU parallel", "xargs"}) {
        const auto rows = compared_rows("Coming from " + std::string(program));
        CHECK(rows.size() >= 8);
        for (const ComparedRow& row : rows) {
            INFO(row.verdict);
            const bool offered = !row.verdict.starts_with("not offered");
            CHECK((
                row.verdict.starts_with("same") || row.verdict.starts_with("differs") || !offered));
            for (const std::string& option : row.options) {
                INFO(option);
                CHECK(known.contains(option) == offered);
                CHECK(is_refused(launcher, option) != offered);
            }
            for (const std::string& option : quoted_options(row.verdict)) {
                INFO(option);
                CHECK(known.contains(option));
            }
        }
    }
}

TEST_CASE("help that is lost is an error", "[launcher]") {
    for (const Words& words :
         {Words{"--help"},
          Words{"--help-all"},
          Words{"--help=man"},
          Words{"--help=bash"},
          Words{"--version"},
          Words{"--describe", job_module("sample")},
          Words{"--dry-run", "echo", ":::", "1"}}) {
        INFO(words.front());
        Words command{"sh", "-c", "\"$0\" \"$@\" >/dev/full; echo $?", AIOMISC_TEST_RUN};
        command.insert(command.end(), words.begin(), words.end());
        const std::string said = output_of(command);
        CHECK_THAT(said, contains("aiomisc-run: "));
        CHECK_THAT(said, contains("stdout: No space left on device\n"));
        CHECK(lines_of(said).back() == "255");
    }
}

TEST_CASE("help whose reader goes away ends silently", "[launcher]") {
    Launcher launcher;
    // A pipe whose only reader was the shell itself.
    CHECK(
        output_of(
            {"sh",
             "-c",
             "cd \"$1\" && mkfifo pipe && exec 3<>pipe 4>pipe 3>&- && \"$0\" --version >&4; echo "
             "$?",
             AIOMISC_TEST_RUN,
             launcher.work()}) == "141\n");
}
