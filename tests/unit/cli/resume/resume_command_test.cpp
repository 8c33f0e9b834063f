// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/resume_command.h>

#include "support/catch.h"
#include "support/temp_dir.h"

using namespace aiomisc::cli;
using aiomisc::test::TempDir;
using Words = std::vector<std::string>;

namespace {

struct Left {
    bool failed = false;
    bool not_run = false;
    bool is_module = false;
};

std::string told(const Words& words, Left left) {
    return how_to_go_on(
        parse_command_line(words),
        {.failed = left.failed,
         .not_run = left.not_run,
         .is_module = left.is_module,
         .program = "aiomisc-run",
         .arguments = words});
}

}  // namespace

TEST_CASE("the command that goes on is this one with an option more", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    const std::string rest = "--joblog " + log + " 'echo {}' ::: 'a b' '$x'";
    const Words words{"--joblog", log, "echo {}", ":::", "a b", "$x"};
    CHECK(told(words, {}).empty());
    CHECK(told(words, {.not_run = true}) == "go on with: aiomisc-run --resume " + rest);
    CHECK(told(words, {.failed = true}) == "go on with: aiomisc-run --resume-failed " + rest);
    CHECK(
        told(words, {.failed = true, .not_run = true}) ==
        "go on with: aiomisc-run --resume-failed " + rest);
}

TEST_CASE("a run that resumed goes on as it did", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    CHECK(
        told({"--resume-failed", "--joblog", log, "x", ":::", "a"}, {.not_run = true}) ==
        "go on with: aiomisc-run --resume-failed --joblog " + log + " x ::: a");
    CHECK(
        told({"--retry-failed", "--joblog", log}, {.failed = true}) ==
        "go on with: aiomisc-run --retry-failed --joblog " + log);
}

TEST_CASE("input that is gone is not needed for what is in the log", "[cli][resume]") {
    const TempDir dir;
    const std::string tsv = dir.write("log", "").string();
    const std::string json = dir.write("log.jsonl", "").string();
    CHECK(
        told({"-j4", "--joblog", tsv, "x"}, {.failed = true}) ==
        "go on with: aiomisc-run --retry-failed -j4 --joblog " + tsv);
    CHECK(
        told({"-j4", "--joblog", tsv, "x"}, {.failed = true, .not_run = true}) ==
        "with the same input, go on with: aiomisc-run --resume-failed -j4 --joblog " + tsv + " x");
    CHECK(
        told({"--joblog", json, "./m.so", "a={}"}, {.failed = true, .is_module = true}) ==
        "go on with: aiomisc-run --retry-failed --joblog " + json + " ./m.so 'a={}'");
    CHECK(
        told({"--joblog", tsv, "./m.so", "a={}"}, {.failed = true, .is_module = true}) ==
        "with the same input, go on with: aiomisc-run --resume-failed --joblog " + tsv +
            " ./m.so 'a={}'");
}

TEST_CASE("what cannot be pasted is described", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    CHECK(
        told({"--joblog", log, "x", ":::", "\x1b[31m"}, {.failed = true}) ==
        "go on with: aiomisc-run --retry-failed --joblog " + log);
    CHECK(
        told({"--joblog", log, "x", ":::", std::string(5000, 'x')}, {.not_run = true}) ==
        "go on with the same command and --resume");
    CHECK(told({"--joblog", "/dev/stderr", "x", ":::", "a"}, {.failed = true}).empty());
}

TEST_CASE("without a log a run says how to get one", "[cli][resume]") {
    CHECK_THAT(told({"x", ":::", "a"}, {.failed = true}), aiomisc::test::contains("--joblog FILE"));
    CHECK(told({"x", ":::", "a"}, {}).empty());
}
