// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <csignal>
#include <string>

using namespace aiomisc::test;

TEST_CASE("the job log has a line for each job", "[launcher][AR-61]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"-s", "--joblog", "log", "echo 12345; exit {}", ":::", "1", "2", "0"});
    CHECK(outcome.status.code == 2);
    const std::string log = launcher.read("log");
    CHECK(
        lines_of(log).at(0) ==
        "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand");
    const auto rows = rows_of(log);
    REQUIRE(rows.size() == 3);
    for (const auto& row : rows) {
        REQUIRE(row.size() == 9);
        CHECK(row[1] == ":");
        CHECK(row[5] == "6");
        CHECK(row[7] == "0");
    }
    CHECK(rows[0][6] == "1");
    CHECK(rows[1][6] == "2");
    CHECK(rows[2][6] == "0");
    CHECK(rows[1][8] == "echo 12345; exit 2");
}

TEST_CASE("a hostile name takes one line of the job log", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", ": {}", ":::", "a\tb\nc\\"});
    const auto lines = lines_of(launcher.read("log"));
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[1], ends_with("a\\tb\\nc\\\\'"));
}

TEST_CASE("the job log is appended to if that was said", "[launcher][AR-65]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", "true", ":::", "A", "B"});
    launcher.run({"--joblog", "+log", "true", ":::", "C"});
    CHECK(lines_of(launcher.read("log")).size() == 4);
    launcher.run({"--joblog", "log", "true", ":::", "D"});
    CHECK(lines_of(launcher.read("log")).size() == 2);
}

TEST_CASE("the JSON log has every attempt, and how each ended", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log.jsonl", "--retries", "2", "echo x; exit 3; : {}", ":::", "A"});
    const auto lines = lines_of(launcher.read("log.jsonl"));
    REQUIRE(lines.size() == 4);
    CHECK_THAT(lines[0], starts_with("{\"type\":\"begin\""));
    CHECK_THAT(lines[1], contains("\"attempt\":1,\"final\":false"));
    CHECK_THAT(lines[2], contains("\"attempt\":2,\"final\":true"));
    CHECK_THAT(lines[2], contains("\"exit\":3,\"signal\":0,\"cause\":\"exit\""));
    CHECK_THAT(lines[2], contains("\"args\":[\"A\"]"));
    CHECK(lines[3] == "{\"type\":\"end\",\"exit\":1}");
}

TEST_CASE("a job log that cannot be written stops the run before any job", "[launcher][AR-65]") {
    for (const char* log : {"nowhere/log", "/dev/full"}) {
        INFO(log);
        Launcher launcher;
        const Outcome outcome = launcher.run({"--joblog", log, "touch", ":::", "ran"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains(log));
        CHECK(launcher.files().empty());
    }
}

TEST_CASE("two runs do not share a job log", "[launcher][AR-70]") {
    Launcher launcher;
    Process first = launcher.start(
        {"--joblog", "log", ": >runs; while ! test -e go; do sleep 0.01; done; : {}", ":::", "1"});
    REQUIRE(launcher.wait_for("runs"));
    const Outcome second = launcher.run({"--joblog", "log", "touch", ":::", "second-ran"});
    CHECK(second.status.code == 255);
    CHECK_THAT(second.err, contains("pid " + std::to_string(first.pid())));
    launcher.write("go", "");
    CHECK(first.wait().code == 0);
    CHECK(rows_of(launcher.read("log")).size() == 1);
    CHECK(launcher.files() == Words{"go", "log", "runs"});
}

TEST_CASE("what was finished is in the log of a run that was killed", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j1",
         "--lb",
         "--joblog",
         "log",
         "echo {}; test {} = A || exec sleep 300",
         ":::",
         "A",
         "B"});
    CHECK(process.read_line() == "A");
    CHECK(process.read_line() == "B");
    process.send_signal(SIGKILL);
    CHECK(process.wait().signal == SIGKILL);
    CHECK(nothing_left_of(process));
    const auto rows = rows_of(launcher.read("log"));
    REQUIRE(rows.size() == 1);
    CHECK(rows[0][0] == "1");
}
