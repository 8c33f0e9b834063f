// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <fmt/format.h>

using namespace aiomisc::test;

namespace {

int status_of(const Words& words, const std::string& input = "") {
    Launcher launcher;
    return launcher.run(words, {.input = input}).status.code;
}

std::string numbers(int count) {
    std::string text;
    for (int number = 1; number <= count; ++number) {
        text += fmt::format("{}\n", number);
    }
    return text;
}

}  // namespace

TEST_CASE("the exit status counts the jobs that failed", "[launcher][AR-47]") {
    CHECK(status_of({"true", ":::", "1", "2"}) == 0);
    CHECK(status_of({"exit {}", ":::", "0", "1", "2", "0"}) == 2);
    CHECK(status_of({"kill -SEGV $$; : {}", ":::", "1", "2"}) == 2);
    CHECK(status_of({"false"}, numbers(100)) == 100);
    CHECK(status_of({"false"}, numbers(150)) == 101);
}

TEST_CASE("the summary names what failed, and how", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j1", "case {} in k) kill -KILL $$;; x) exit 7;; esac", ":::", "ok", "k", "x"});
    CHECK(outcome.status.code == 2);
    CHECK_THAT(outcome.err, contains("3 jobs: 1 succeeded, 2 failed"));
    CHECK_THAT(outcome.err, contains("job 2 was killed by SIGKILL"));
    CHECK_THAT(outcome.err, contains("job 3 exited with 7"));
    CHECK(launcher.run({"-s", "false", ":::", "1"}).err == "");
}

TEST_CASE("what cannot be executed has the statuses that shells give", "[launcher][AR-48]") {
    Launcher launcher;
    launcher.write("plain", "no program\n");
    const auto exit_value = [&](const Words& words) {
        Words all{"--joblog", "log"};
        all.insert(all.end(), words.begin(), words.end());
        CHECK(launcher.run(all).status.code == 1);
        return rows_of(launcher.read("log")).at(0).at(6);
    };
    CHECK(exit_value({"no-such-program", ":::", "1"}) == "127");
    CHECK(exit_value({"--no-shell", "no-such-program", ":::", "1"}) == "127");
    CHECK(exit_value({"--mode", "exec", "./plain", ":::", "1"}) == "126");
}

TEST_CASE("a file without the permission to execute it is an error of the user", "[launcher]") {
    Launcher launcher;
    launcher.write("plain", "no program\n");
    const Outcome outcome = launcher.run({"./plain", ":::", "1"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("chmod +x"));
}

TEST_CASE("a wrong option starts nothing", "[launcher][AR-49]") {
    Launcher launcher;
    for (const Words& wrong :
         {Words{"--nosuchopt"}, Words{"-j", "x"}, Words{"--timeout", "-1"}, Words{"--halt", "x"}}) {
        INFO(wrong.front());
        Words words = wrong;
        words.insert(words.end(), {"touch", ":::", "ran"});
        const Outcome outcome = launcher.run(words);
        CHECK(outcome.status.code == 255);
        CHECK(outcome.out == "");
        CHECK_THAT(outcome.err, contains("usage: aiomisc-run"));
        CHECK_THAT(outcome.err, contains(wrong.front()));
    }
    CHECK(launcher.files().empty());
}

TEST_CASE("halting at the first failure ends what runs", "[launcher][AR-50]") {
    Launcher launcher;
    // The first fails when the second runs, which would do so for minutes.
    Process process = launcher.start(
        {"-j2",
         "--halt",
         "now,fail=1",
         "--joblog",
         "log",
         "if test {} = A; then while ! test -e B; do sleep 0.01; done; exit 3; fi; "
         ": >B; sleep 300 & wait",
         ":::",
         "A",
         "B",
         "C"});
    process.close_stdin();
    CHECK(process.wait().code == 3);
    CHECK(nothing_left_of(process));
    const auto rows = rows_of(launcher.read("log"));
    REQUIRE(rows.size() == 2);  // C was not started
    CHECK(rows[1][6] == "-1");
    CHECK(rows[1][7] == "15");
}

TEST_CASE("halting soon lets what runs finish", "[launcher][AR-51]") {
    Launcher launcher;
    const Outcome one =
        launcher.run({"-j1", "--halt", "soon,fail=1", "echo {}; exit {}", ":::", "0", "7", "0"});
    CHECK(lines_of(one.out) == Words{"0", "7"});
    CHECK(one.status.code == 7);
    CHECK_THAT(one.err, contains("1 not run"));
    const Outcome share = launcher.run(
        {"-j1",
         "--halt",
         "soon,fail=30%",
         "echo {}; exit {}",
         ":::",
         "0",
         "1",
         "1",
         "1",
         "1",
         "1",
         "0",
         "0",
         "0",
         "0"});
    CHECK(lines_of(share.out).size() == 4);
    CHECK(share.status.code == 30);
}

TEST_CASE("halting at the first success is a success", "[launcher][AR-51]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j1", "--halt", "now,success=1", "echo {}; exit {}", ":::", "1", "2", "0", "4"});
    CHECK(lines_of(outcome.out) == Words{"1", "2", "0"});
    CHECK(outcome.status.code == 0);
}

TEST_CASE("a signal that halts the run is in its status", "[launcher][AR-52]") {
    CHECK(status_of({"--halt", "now,fail=1", "kill -KILL $$; : {}", ":::", "1"}) == 137);
}

TEST_CASE("a failed job is tried as often as was said", "[launcher][AR-53]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--retries",
         "3",
         "--joblog",
         "log",
         "echo $AIOMISC_ATTEMPT >>runs-{}; exit {}",
         ":::",
         "1",
         "0"});
    CHECK(outcome.status.code == 1);
    CHECK(launcher.read("runs-1") == "1\n2\n3\n");
    CHECK(launcher.read("runs-0") == "1\n");
    CHECK(rows_of(launcher.read("log")).size() == 2);
}

TEST_CASE("a job that its item forbids is not tried again", "[launcher]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"--retries", "0", "--joblog", "log", "echo $((1+{}))", ":::", "x", "2"});
    CHECK(outcome.status.code == 1);
    CHECK(outcome.out == "3\n");
    CHECK(lines_of(launcher.read("log")).size() == 3);  // with the names of the columns
}

TEST_CASE("only the output of the attempt that counts is printed", "[launcher][AR-54]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--retries",
         "2",
         "echo attempt $AIOMISC_ATTEMPT; test $AIOMISC_ATTEMPT = 2; : {}; "
         "test $AIOMISC_ATTEMPT = 2",
         ":::",
         "1"});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == "attempt 2\n");
}

TEST_CASE("a job that takes too long is ended with all its processes", "[launcher][AR-55]") {
    Launcher launcher;
    Process process = launcher.start(
        {"--timeout",
         "1.5",
         "--joblog",
         "log",
         "case {} in quick) exit 0;; esac; sleep 300 & setsid sleep 300 & wait",
         ":::",
         "quick",
         "slow"});
    process.close_stdin();
    CHECK(process.wait().code == 1);
    CHECK(nothing_left_of(process));
    const auto rows = rows_of(launcher.read("log"));
    CHECK(rows.at(0).at(6) == "0");
    CHECK(rows.at(1).at(6) == "-1");
    CHECK(rows.at(1).at(7) == "15");
    CHECK_THAT(launcher.err(), contains("job 2 timed out"));
}

TEST_CASE("a job that ended while the launcher stood still has not timed out", "[launcher]") {
    Launcher launcher;
    const auto limit = std::chrono::seconds(5 * kPatience);
    Process process = launcher.start(
        {"--retries",
         "2",
         "--joblog",
         "log",
         "--timeout",
         std::to_string(limit.count()),
         "printf x >>started; while ! test -e go; do sleep 0.01; done; : {}",
         ":::",
         "1"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started"));
    const auto begun = std::chrono::steady_clock::now();
    process.send_signal(SIGSTOP);
    launcher.write("go", "");
    CHECK(wait_until(
        [&] { return processes_named(process, "sh").empty(); }, std::chrono::seconds(10)));
    // It began before this: its time is over then.
    std::this_thread::sleep_until(begun + limit);
    process.send_signal(SIGCONT);
    CHECK(process.wait().code == 0);
    CHECK(rows_of(launcher.read("log")).at(0).at(6) == "0");
    CHECK(launcher.read("started") == "x");
}

TEST_CASE("a job that will not hear SIGTERM is killed", "[launcher][AR-57]") {
    Launcher launcher;
    Process process = launcher.start(
        {"--timeout",
         "0.2",
         "--joblog",
         "log",
         "trap '' TERM; while :; do sleep 0.1; done; : {}",
         ":::",
         "1"});
    process.close_stdin();
    CHECK(process.wait().code == 1);
    CHECK(nothing_left_of(process));
    CHECK(rows_of(launcher.read("log")).at(0).at(7) == "9");
}

TEST_CASE("a job may take a multiple of what others take", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j1",
         "--timeout",
         "2000%",
         "if test {} = slow; then exec sleep 300; fi; sleep 0.1; echo {}",
         ":::",
         "a",
         "b",
         "c",
         "slow",
         "d"});
    CHECK(outcome.status.code == 1);
    CHECK(lines_of(outcome.out) == Words{"a", "b", "c", "d"});
}

TEST_CASE("the median of the successes limits what runs beside them", "[launcher][AR-58]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j2",
         "--timeout",
         "1000%",
         "sleep {}; echo {}",
         ":::",
         "0.1",
         "0.1",
         "0.1",
         "0.1",
         "300",
         "0.1"});
    CHECK(outcome.status.code == 1);
    CHECK(outcome.out == "0.1\n0.1\n0.1\n0.1\n0.1\n");
}

TEST_CASE("further attempts are a delay apart", "[launcher][AR-59]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--retries",
         "3",
         "--retry-delay",
         "0.5",
         "echo $(date +%s%3N) >>times; false",
         ":::",
         "1"});
    CHECK(outcome.status.code == 1);
    const auto times = lines_of(launcher.read("times"));
    REQUIRE(times.size() == 3);
    for (const std::size_t attempt : {1U, 2U}) {
        CHECK(std::stoll(times[attempt]) - std::stoll(times[attempt - 1]) >= 400);
    }
}
