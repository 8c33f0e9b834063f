// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <csignal>
#include <string>

using namespace aiomisc::test;

TEST_CASE("the output of a job stays together", "[launcher]") {
    Launcher launcher;
    // The first to begin prints on when the second has printed everything.
    const Outcome outcome = launcher.run(
        {"-j2",
         "echo {}-begin; case {} in A) while ! test -e B-done; do sleep 0.01; done;; "
         "B) : >B-done;; esac; echo {}-end",
         ":::",
         "A",
         "B"});
    CHECK(outcome.status.code == 0);
    const Words lines = lines_of(outcome.out);
    REQUIRE(lines.size() == 4);
    CHECK(sorted_lines_of(outcome.out) == Words{"A-begin", "A-end", "B-begin", "B-end"});
    CHECK(lines[0].front() == lines[1].front());
    CHECK(lines[2].front() == lines[3].front());
}

TEST_CASE("output in the order of the input, whatever ends first", "[launcher][AR-34]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-k",
         "-j2",
         "case {} in A) while ! test -e B-done; do sleep 0.01; done;; B) : >B-done;; esac; echo {}",
         ":::",
         "A",
         "B"});
    CHECK(lines_of(outcome.out) == Words{"A", "B"});
}

TEST_CASE("lines come at once and whole with line buffering", "[launcher][AR-38]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j2",
         "--lb",
         "printf {}-; if test {} = A; then while ! test -e go; do sleep 0.01; done; fi; echo end; "
         "while ! test -e go; do sleep 0.01; done; echo {}-last",
         ":::",
         "A",
         "B"});
    CHECK(process.read_line() == "B-end");  // its job, and the other one, still run
    launcher.write("go", "");
    CHECK(sorted_lines_of(process.read_all()) == Words{"A-end", "A-last", "B-last"});
    CHECK(process.wait().code == 0);
}

TEST_CASE(
    "with both, lines of the first job come at once, and then in order", "[launcher][AR-38]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-k",
         "-j2",
         "--lb",
         "echo {}-begin; test {} = B && : >B-done; while ! test -e go; do sleep 0.01; done; "
         "echo {}-end",
         ":::",
         "A",
         "B"});
    REQUIRE(launcher.wait_for("B-done"));
    CHECK(process.read_line() == "A-begin");
    launcher.write("go", "");
    CHECK(lines_of(process.read_all()) == Words{"A-end", "B-begin", "B-end"});
    CHECK(process.wait().code == 0);
}

TEST_CASE("ungrouped output comes through byte by byte", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-u", "printf part; while ! test -e go; do sleep 0.01; done; echo; : {}", ":::", "A"},
        {.output_to_file = true});
    CHECK(wait_until([&] { return launcher.out() == "part"; }, std::chrono::seconds(10)));
    launcher.write("go", "");
    CHECK(process.wait().code == 0);
    CHECK(launcher.out() == "part\n");
}

TEST_CASE("stdout and stderr of jobs stay apart", "[launcher][AR-36]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"echo out; echo err >&2; : {}", ":::", "1"});
    CHECK(outcome.out == "out\n");
    CHECK(outcome.err == "err\n");
}

TEST_CASE("tags stand before every line", "[launcher][AR-37]") {
    Launcher launcher;
    CHECK(
        launcher.run({"-k", "--tag", "echo {}; echo again", ":::", "A", ":::", "x", "y"}).out ==
        "A x\tA x\nA x\tagain\nA y\tA y\nA y\tagain\n");
    CHECK(
        launcher.run({"-k", "--tagstring", "T{#}", "echo", ":::", "x", "y"}).out ==
        "T1\tx\nT2\ty\n");
}

TEST_CASE("nothing is added to output, not even a newline", "[launcher][AR-39]") {
    Launcher launcher;
    CHECK(launcher.run({"-k", "printf", "%s", ":::", "a", "b", "c"}).out == "abc");
}

TEST_CASE("binary output comes through unchanged", "[launcher]") {
    Launcher launcher;
    std::string bytes;
    for (int round = 0; round < 1000; ++round) {
        for (int byte = 0; byte < 256; ++byte) {
            bytes += static_cast<char>(byte);
        }
    }
    launcher.write("binary", bytes);
    CHECK(launcher.run({"-k", "cat", ":::", "binary", "binary"}).out == bytes + bytes);
}

TEST_CASE("three megabytes from each of twenty jobs do not mix", "[launcher][AR-35]") {
    Launcher launcher;
    std::string items;
    for (char letter = 'a'; letter < 'a' + 20; ++letter) {
        items += std::string(1, letter) + "\n";
    }
    // In slices, from all jobs at a time; tr -s leaves one letter of what came together.
    const Outcome outcome = launcher.run(
        {"-j8",
         "for slice in 1 2 3; do head -c 1000000 /dev/zero | tr '\\0' {}; "
         "head -c 1000000 /dev/zero | tr '\\0' {} >&2; done"},
        {.input = items});
    CHECK(outcome.status.code == 0);
    for (const std::string* stream : {&outcome.out, &outcome.err}) {
        REQUIRE(stream->size() == 20 * 3'000'000);
        std::string runs;
        std::unique_copy(stream->begin(), stream->end(), std::back_inserter(runs));
        std::sort(runs.begin(), runs.end());
        CHECK(runs == "abcdefghijklmnopqrst");
    }
    CHECK(std::filesystem::is_empty(launcher.temporary()));
}

TEST_CASE("output larger than memory should be waits on the disk", "[launcher][AR-43]") {
    Launcher launcher;
    constexpr std::uint64_t kBytes = std::uint64_t{256} << 20;
    Process process = launcher.start(
        {"head -c 268435456 /dev/zero; : >printed; while ! test -e go; do sleep 0.01; done; : {}",
         ":::",
         "1"},
        {.output_to_file = true});
    REQUIRE(launcher.wait_for("printed"));
    if (kPatience == 1) {
        CHECK(peak_memory_kib(process.pid()) < 64 * 1024);
    }
    CHECK(std::filesystem::is_empty(launcher.temporary()));  // the file has no name
    launcher.write("go", "");
    CHECK(process.wait().code == 0);
    CHECK(std::filesystem::file_size(launcher.work() / "../out") == kBytes);
}

TEST_CASE("a run that is killed leaves no output behind", "[launcher][AR-45]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j2",
         "--spill",
         "10K",
         "head -c 300000 /dev/zero; : >begun-{}; sleep 300",
         ":::",
         "A",
         "B"});
    REQUIRE(launcher.wait_for("begun-A"));
    REQUIRE(launcher.wait_for("begun-B"));
    CHECK(std::filesystem::is_empty(launcher.temporary()));
    process.send_signal(SIGKILL);
    process.wait();
    CHECK(nothing_left_of(process));
    CHECK(std::filesystem::is_empty(launcher.temporary()));
}

TEST_CASE("output that cannot be kept ends the run with an error", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--tmpdir",
         "/nonexistent",
         "--spill",
         "10K",
         "head -c 1000000 /dev/zero; : {}",
         ":::",
         "1"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("/nonexistent"));
}

TEST_CASE("output that cannot be written ends the run with an error", "[launcher]") {
    Process process = Process::start(
        {"/bin/sh", "-c", "\"$0\" echo ::: A B >/dev/full", AIOMISC_TEST_RUN},
        {.merge_stderr = true});
    const std::string said = process.read_all();
    CHECK(process.wait().code == 255);
    CHECK_THAT(said, contains("No space left on device"));
}

TEST_CASE("a reader that goes away ends the run as SIGPIPE does", "[launcher]") {
    Launcher launcher;
    // head(1) goes after the first line, while the second job would run for minutes.
    Process process = Process::start(
        {"/bin/bash",
         "-c",
         "cd \"$1\"; (\"$0\" -j2 --lb 'echo {}; sleep 300 & setsid sleep 300 & wait' ::: A B "
         "2>err; echo $? >status) | head -n 1",
         AIOMISC_TEST_RUN,
         launcher.work()});
    CHECK(process.read_line().has_value());
    CHECK(process.wait().code == 0);
    CHECK(nothing_left_of(process));
    CHECK(launcher.read("status") == "141\n");
    CHECK(launcher.read("err") == "");
}
