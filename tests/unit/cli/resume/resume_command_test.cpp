// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/resume_command.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/options/directives.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace aiomisc::cli;
using aiomisc::test::TempDir;
using Words = std::vector<std::string>;

namespace {

struct Left {
    bool failed = false;
    bool not_run = false;
    bool is_module = false;
};

std::string told(const Words& words, Left left, const ParseContext& context = {}) {
    return how_to_go_on(
        parse_command_line(words, context),
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

TEST_CASE("an order that was drawn is kept", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    for (const Words& front : {Words{"--shuf"}, Words{"--shuf", "--"}}) {
        Words words{"--joblog", log};
        words.insert(words.end(), front.begin(), front.end());
        words.insert(words.end(), {"x", ":::", "a", "b"});
        Options options = parse_command_line(words);
        options.input.shuffle_seed = 77;
        const std::string dashes = front.size() == 2 ? "-- " : "";
        CHECK(
            how_to_go_on(
                options, {.not_run = true, .program = "aiomisc-run", .arguments = words}) ==
            "go on with: aiomisc-run --resume --joblog " + log + " --shuf '--shuf=77' " + dashes +
                "x ::: a b");
    }
    CHECK(
        told({"--joblog", log, "--shuf=5", "x", ":::", "a"}, {.not_run = true}) ==
        "go on with: aiomisc-run --resume --joblog " + log + " '--shuf=5' x ::: a");
}

TEST_CASE("options of the environment go along", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    const std::string defaults = "-j2 --joblog " + log;
    CHECK(
        told({"x", ":::", "a"}, {.failed = true}, {.environment_options = defaults}) ==
        "go on with: AIOMISC_RUN_OPTS='" + defaults + "' aiomisc-run --resume-failed x ::: a");
}

TEST_CASE("a job file with options stays in the line", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log.jsonl", "").string();
    const std::string script = dir.write("job.sh", "#!/bin/sh\n# aiomisc: -j2\n").string();
    REQUIRE(::chmod(script.c_str(), 0755) == 0);
    const ParseContext context{.directives = &read_directives};
    CHECK(
        told({"--joblog", log, script, "{}"}, {.failed = true}, context) ==
        "go on with: aiomisc-run --retry-failed --joblog " + log + " " + script + " '{}'");
}

TEST_CASE("descriptors of this run are no input of the next", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    for (const std::string file :
         {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "/dev/../dev/fd/0"}) {
        INFO(file);
        const aiomisc::UniqueFd items(
            ::open(dir.write("items", "a\n").c_str(), O_RDONLY | O_CLOEXEC));
        const aiomisc::UniqueFd saved(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        REQUIRE(::dup2(items.get(), 0) == 0);
        const std::string advice = told({"--joblog", log, "x", "::::", file}, {.not_run = true});
        REQUIRE(::dup2(saved.get(), 0) == 0);
        CHECK_THAT(advice, aiomisc::test::starts_with("with the same input, go on with: "));
    }
    // A file that only lies beside them.
    const std::string file = dir.write("stdin", "a\n").string();
    CHECK_THAT(
        told({"--joblog", log, "x", "::::", file}, {.not_run = true}),
        aiomisc::test::starts_with("go on with: "));
}

TEST_CASE("one option of a kind is enough", "[cli][resume]") {
    const TempDir dir;
    const std::string log = dir.write("log", "").string();
    CHECK(
        told({"--resume", "--joblog", log, "x", ":::", "--resume"}, {.failed = true}) ==
        "go on with: aiomisc-run --resume-failed --joblog " + log + " x ::: --resume");
    CHECK(
        told({"--joblog", log, "--resume-failed", "x"}, {.failed = true}) ==
        "go on with: aiomisc-run --retry-failed --joblog " + log);
}
