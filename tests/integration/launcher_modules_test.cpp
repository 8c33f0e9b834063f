// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <csignal>
#include <string>

using namespace aiomisc::test;

namespace {

/// The record of a job in a JSON log.
std::string record_of(const std::string& log, int seq) {
    const std::string start = "{\"type\":\"job\",\"seq\":" + std::to_string(seq) + ",";
    for (const std::string& line : lines_of(log)) {
        if (line.starts_with(start)) {
            return line;
        }
    }
    return "no record of job " + std::to_string(seq);
}

}  // namespace

TEST_CASE("whatever a job function does costs that job alone", "[launcher]") {
    Launcher launcher;
    const Words actions{"ok", "ret3", "ok", "segv", "throw", "exit3", "abort", "hang", "ok"};
    Words words{
        "-k",
        "-j2",
        "--timeout",
        "3",
        "--joblog",
        "log.jsonl",
        job_module("sample"),
        "action={}",
        ":::"};
    words.insert(words.end(), actions.begin(), actions.end());
    const Outcome outcome = launcher.run(words);
    CHECK(outcome.status.code == 6);
    Words expected;
    for (const std::string& action : actions) {
        expected.push_back(action + " begins");
    }
    CHECK(lines_of(outcome.out) == expected);

    const std::string log = launcher.read("log.jsonl");
    for (const int good : {1, 3, 9}) {
        CHECK_THAT(record_of(log, good), contains(R"("exit":0,"signal":0,"cause":"exit")"));
    }
    CHECK_THAT(record_of(log, 2), contains(R"("exit":3,"signal":0,"cause":"exit")"));
    CHECK_THAT(record_of(log, 4), contains(R"("exit":-1,"signal":11,"cause":"signal")"));
    CHECK_THAT(record_of(log, 5), contains(R"("exit":1,"signal":0,"cause":"exit")"));
    CHECK_THAT(record_of(log, 5), contains(R"("error":"a bad photograph")"));
    CHECK_THAT(record_of(log, 6), contains(R"("exit":3,"signal":0,"cause":"exit")"));
    CHECK_THAT(record_of(log, 7), contains(R"("exit":-1,"signal":6,"cause":"signal")"));
    CHECK_THAT(record_of(log, 8), contains(R"("exit":-1,"signal":9,"cause":"timeout")"));

    CHECK_THAT(outcome.err, contains("9 jobs: 3 succeeded, 6 failed"));
    CHECK_THAT(outcome.err, contains("job 4 was killed by SIGSEGV"));
    CHECK_THAT(outcome.err, contains("job 5 failed (a bad photograph)"));
    CHECK_THAT(outcome.err, contains("job 6 exited with 3 (called exit())"));
    CHECK_THAT(outcome.err, contains("job 8 timed out"));
}

TEST_CASE("a job function is tried again, in another process after a crash", "[launcher]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"--retries", "2", job_module("sample"), "action={}", ":::", "second-time"});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == "second-time begins\n");
    CHECK(
        launcher.run({"-s", "--retries", "3", job_module("sample"), "action={}", ":::", "segv"})
            .status.code == 1);
}

TEST_CASE("what a job function prints is captured like a process's", "[launcher]") {
    Launcher launcher;
    const Outcome streams =
        launcher.run({job_module("sample"), "action={}", ":::", "both-streams"});
    CHECK(sorted_lines_of(streams.out) == Words{"both-streams begins", "to stdout"});
    CHECK(streams.err == "to stderr\n");

    const Outcome much =
        launcher.run({"-k", "-j2", job_module("sample"), "action={}", ":::", "much", "much"});
    CHECK(much.status.code == 0);
    const std::size_t one = std::string("much begins\n").size() + std::size_t{3} * 1024 * 1024;
    REQUIRE(much.out.size() == 2 * one);
    CHECK(much.out.substr(0, one) == much.out.substr(one));
}

TEST_CASE("what a job function left running is gone when the run ends", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({job_module("sample"), "action={}", ":::", "leave-child"});
    CHECK(process.wait().code == 0);
    CHECK(nothing_left_of(process));
}

TEST_CASE("wrong arguments of a job are told before any job runs", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({job_module("sample"), "akcion={}", ":::", "polite"});
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "");
    CHECK_THAT(outcome.err, contains("'akcion' is not a parameter"));
    CHECK_THAT(outcome.err, contains("action"));
}

TEST_CASE("a module describes its parameters", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"--describe", job_module("sample")});
    CHECK(outcome.status.code == 0);
    CHECK_THAT(outcome.out, starts_with("act: Does what a test wants.\n"));
    CHECK_THAT(outcome.out, contains("what to do"));
    CHECK(launcher.run({"--describe", "echo"}).status.code == 255);
}

TEST_CASE("a shared object that is no job module is refused", "[launcher]") {
    Launcher launcher;
    launcher.write("plain.so", "no module\n");
    const Outcome outcome = launcher.run({"./plain.so", ":::", "1"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("plain.so"));
}

TEST_CASE("a job script runs its stages in the launcher's pool", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"-j2", job_module("script"), "1", "2", "3", "4"});
    CHECK(outcome.out == "1\n4\nsignal 6\n16\n");
    CHECK(outcome.status.code == 1);
    CHECK(outcome.err == "");
}

TEST_CASE("the jobs of the README do what it says", "[launcher]") {
    Launcher launcher;
    launcher.write("one.txt", "a\nb\n");
    launcher.write("long.txt", std::string(200, 'x') + "\n");
    const Outcome lines = launcher.run(
        {"-k", job_module("lines"), "file={}", ":::", "one.txt", "long.txt", "absent.txt"});
    CHECK(lines.out == "one.txt: 2 lines\n");
    CHECK(lines.status.code == 2);
    CHECK_THAT(lines.err, contains("job 2 exited with 2"));
    CHECK_THAT(lines.err, contains("job 3 failed (cannot read absent.txt)"));
    const Outcome total = launcher.run({job_module("total"), "one.txt", "long.txt"});
    CHECK(total.out == "3 lines in 2 files\n");
    CHECK(total.status.code == 0);
}

TEST_CASE("a job script takes no items", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({job_module("script"), "1", ":::", "2"});
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "");
    CHECK_THAT(outcome.err, contains(":::"));
}

TEST_CASE("SIGINT cancels a job script, and nothing of it is left", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"-j2", job_module("script"), "5", "wait"});
    REQUIRE(launcher.wait_for("waits"));
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(process.read_all() == "25\n");
    CHECK(nothing_left_of(process));
}
