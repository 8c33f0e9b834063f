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

TEST_CASE("a run that is refused leaves log and results as they were", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", "--results", "o.csv", "echo", ":::", "a"});
    const std::string log = launcher.read("log");
    const std::string table = launcher.read("o.csv");
    for (const Words& refused :
         {Words{"--joblog", "nowhere/l", "--results", "o.csv", "echo", ":::", "a"},
          Words{"--joblog", "log", "--results", "log/o.csv", "echo", ":::", "a"},
          Words{"--joblog", "log", "--results", "o.csv", "-a", "nowhere", "echo"}}) {
        CHECK(launcher.run(refused).status.code == 255);
        CHECK(launcher.read("log") == log);
        CHECK(launcher.read("o.csv") == table);
    }
    // One that has nothing to do is not refused.
    CHECK(
        launcher.run({"--joblog", "log", "--results", "o.csv", "echo"}, {.input = ""})
            .status.code == 0);
    CHECK(lines_of(launcher.read("log")).size() == 1);
    CHECK(launcher.read("o.csv").empty());
}

TEST_CASE("there may be a log where there is no working directory", "[launcher]") {
    Launcher launcher;
    const std::string log = (launcher.work() / "l.jsonl").string();
    std::filesystem::create_directory(launcher.work() / "gone");
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         R"(cd "$0/gone" && rmdir "$0/gone" && exec "$@")",
         launcher.work().string(),
         AIOMISC_TEST_RUN,
         "--joblog",
         log,
         "--no-shell",
         "true",
         ":::",
         "a"},
        {.merge_stderr = true});
    process.close_stdin();
    const std::string said = process.read_all(std::chrono::seconds(60));
    process.wait();
    INFO(said);
    CHECK_THAT(launcher.read("l.jsonl"), contains("\"cwd\":\"\""));
}

TEST_CASE("the log ends with the status that a shell sees", "[launcher]") {
    Launcher launcher;
    Process process =
        launcher.start({"--joblog", "l.jsonl", ": >runs; exec sleep 300; : {}", ":::", "a"});
    REQUIRE(launcher.wait_for("runs"));
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
    CHECK(lines_of(launcher.read("l.jsonl")).back() == "{\"type\":\"end\",\"exit\":143}");

    Process reader = Process::start(
        {"/bin/sh",
         "-c",
         R"(cd "$0" && "$@" --joblog p.jsonl yes ::: a | head -n1)",
         launcher.work().string(),
         AIOMISC_TEST_RUN,
         "--lb"});
    reader.close_stdin();
    CHECK(reader.read_all(std::chrono::seconds(60)) == "a\n");
    reader.wait();
    CHECK(lines_of(launcher.read("p.jsonl")).back() == "{\"type\":\"end\",\"exit\":141}");
}
