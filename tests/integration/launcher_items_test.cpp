// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <aiomisc/runtime/base/compiler.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>

using namespace aiomisc::test;

namespace {

/// What `-k WORDS` prints, if it succeeds without a word on stderr.
Words lines(Words words, const std::optional<std::string>& input = {}) {
    Launcher launcher;
    launcher.write("abc", "A\nB\nC\n");
    launcher.write("def", "D\nE\nF\n");
    words.insert(words.begin(), "-k");
    const Outcome outcome = launcher.run(words, {.input = input});
    CHECK(outcome.err == "");
    CHECK(outcome.status.code == 0);
    return lines_of(outcome.out);
}

}  // namespace

TEST_CASE(
    "items come from the command line, from files, and from stdin",
    "[launcher][AR-1][AR-2][AR-16]") {
    const Words abc{"A", "B", "C"};
    CHECK(lines({"echo", ":::", "A", "B", "C"}) == abc);
    CHECK(lines({"echo"}, "A\nB\nC\n") == abc);
    CHECK(lines({"-a", "abc", "echo"}) == abc);
    CHECK(lines({"-a", "-", "echo"}, "A\nB\nC\n") == abc);
    CHECK(lines({"echo", "::::", "abc"}) == abc);
    CHECK(lines({"--arg-sep", ",,", "echo", ",,", "A", "B", "C"}) == abc);
}

TEST_CASE("sources are combined, linked, and paired", "[launcher][AR-3][AR-4][AR-5][AR-6]") {
    CHECK(
        lines({"echo", ":::", "A", "B", ":::", "1", "2", "3"}) ==
        Words{"A 1", "A 2", "A 3", "B 1", "B 2", "B 3"});
    CHECK(
        lines({"echo", "::::", "-", "def"}, "A\nB\nC\n") ==
        Words{"A D", "A E", "A F", "B D", "B E", "B F", "C D", "C E", "C F"});
    CHECK(
        lines({"--link", "echo", ":::", "A", "B", "C", "D", "E", ":::", "F", "G"}) ==
        Words{"A F", "B G", "C F", "D G", "E F"});
    CHECK(lines({"echo", ":::", "A", "B", "C", "D", "E", ":::+", "F", "G"}) == Words{"A F", "B G"});
    CHECK(
        lines({"echo", "::::", "abc", ":::+", "G", "H", "I", "::::", "def"}) ==
        Words{"A G D", "A G E", "A G F", "B H D", "B H E", "B H F", "C I D", "C I E", "C I F"});
}

TEST_CASE(
    "items end where the user says", "[launcher][AR-7][AR-8][AR-9][AR-10][AR-12][AR-17][AR-26]") {
    using namespace std::string_literals;
    CHECK(lines({"-0", "echo", "[{}]"}, "A\0B\nC\0"s) == Words{"[A]", "[B", "C]"});
    CHECK(lines({"-d", "_", "echo", "[{}]"}, "A_B_C") == Words{"[A]", "[B]", "[C]"});
    CHECK(lines({"-d", "_", "echo", "[{}]"}, "A_B_C_") == Words{"[A]", "[B]", "[C]"});
    CHECK(lines({"echo"}, "a\nb") == Words{"a", "b"});
    CHECK(lines({"echo"}, "a\r\n") == Words{"a\r"});
    CHECK(lines({"echo", "[{}]"}, "1\n\n2\n") == Words{"[1]", "[]", "[2]"});
    CHECK(lines({"-r", "echo", "[{}]"}, "1\n\n2\n") == Words{"[1]", "[2]"});
    CHECK(lines({"-E", "stop", "echo", ":::", "A", "B", "stop", "C"}) == Words{"A", "B"});
    CHECK(lines({"--trim", "lr", "echo", "pre-{}-post", ":::", " A "}) == Words{"pre-A-post"});
}

TEST_CASE("no items, no jobs", "[launcher][AR-11]") {
    CHECK(lines({"echo", "X"}, "").empty());
    CHECK(lines({"echo", "X", ":::"}).empty());
}

TEST_CASE("where one of the sources has no items there are no jobs", "[launcher]") {
    Launcher launcher;
    launcher.write("some", "A\nB\n");
    launcher.write("none", "");
    for (const Words& options : {Words{"--link"}, Words{"-j1"}}) {
        for (const Words& sources :
             {Words{"::::", "some", "none"},
              Words{"::::", "none", "some"},
              Words{":::", "A", ":::"}}) {
            CHECK(launcher.run(options + Words{"echo"} + sources).out == "");
        }
    }
}

TEST_CASE("a command may take several items", "[launcher][AR-23]") {
    CHECK(
        lines({"-N3", "echo", "1={1} 2={2} 3={3}", ":::", "A", "B", "C", "D"}) ==
        Words{"1=A 2=B 3=C", "1=D 2= 3="});
    CHECK(lines({"-n2", "echo", ":::", "A", "B", "C"}) == Words{"A B", "C"});
    CHECK(lines({"-N0", "echo", "foo", ":::", "1", "2"}) == Words{"foo", "foo"});
}

TEST_CASE("without a command each item is one", "[launcher][AR-18]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"-k"}, {.input = "echo one; echo two\nfalse\n"});
    CHECK(lines_of(outcome.out) == Words{"one", "two"});
    CHECK(outcome.status.code == 1);
    CHECK(lines({":::", "echo a", "echo b | tr b c"}) == Words{"a", "c"});
    CHECK(lines({}, "echo one; echo two\necho three | tr e E\n") == Words{"one", "two", "thrEE"});
    CHECK(lines({":::", "echo a", "echo b"}) == Words{"a", "b"});
}

TEST_CASE("a line that begins with a dash is a command, too", "[launcher]") {
    Launcher launcher;
    for (const char* line : {"-x", "--help", "-e", "+x", "-"}) {
        const Outcome outcome = launcher.run({"-k"}, {.input = std::string(line) + "\necho b\n"});
        CHECK(outcome.out == "b\n");
        CHECK_THAT(outcome.err, contains(std::string(line) + ": ") && contains("not found"));
        CHECK_THAT(outcome.err, contains("exited with 127"));
    }
    CHECK_THAT(launcher.run({"-N0", "--", "-x | cat", ":::", "a"}).err, contains("not found"));
}

TEST_CASE("a job does not eat the input of the loop around it", "[launcher]") {
    CHECK(lines({"cat; echo {}", ":::", "a"}, "one\ntwo\n") == Words{"a"});
}

TEST_CASE("a file of items that is not there is named, and nothing runs", "[launcher][AR-15]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"-a", "nofile", "touch ran-{}"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("nofile"));
    CHECK(launcher.files().empty());
}

TEST_CASE("a standard descriptor that is closed does not become a file of ours", "[launcher]") {
    for (const std::string stream : {"stdin", "stdout"}) {
        INFO(stream);
        Launcher launcher;
        const std::string arguments = stream == "stdin" ? "<&-" : "::: A >&-";
        Process process = Process::start(
            {"/bin/sh",
             "-c",
             "cd \"$1\" && exec \"$0\" --joblog log echo item 2>err " + arguments,
             AIOMISC_TEST_RUN,
             launcher.work()});
        CHECK(process.wait().code == 255);
        CHECK_THAT(launcher.read("err"), contains(stream + ": Bad file descriptor"));
        CHECK(launcher.read("log").find("\nitem") == std::string::npos);
    }
}

TEST_CASE("an item runs before the next one is there", "[launcher][AR-19]") {
    Launcher launcher;
    Process process = launcher.start({"-j2", "echo got {}"});
    process.write("1\n");
    CHECK(process.read_line() == "got 1");
    process.write("2\n");
    CHECK(process.read_line() == "got 2");
    process.close_stdin();
    CHECK(process.wait().code == 0);
}

TEST_CASE("what waits on stdin is not read ahead into memory", "[launcher]") {
    Launcher launcher;
    std::string items;
    for (int item = 0; item < 1'000'000; ++item) {
        items += std::to_string(item) + "\n";
    }
    Process process =
        launcher.start({"-j1", ": >started; exec sleep 300; : {}"}, {.input = std::move(items)});
    REQUIRE(launcher.wait_for("started"));
    if (kPatience == 1) {  // sanitizers have memory of their own
        CHECK(peak_memory_kib(process.pid()) < 20 * 1024);
    }
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
    CHECK(nothing_left_of(process));
}

TEST_CASE("memory does not grow with the number of jobs that have ended", "[launcher]") {
    struct Stream {
        Words job;
        int first;
        int more;
    };

    for (const Stream& stream :
         {Stream{{"echo", "{}"}, 300, 2'500},
          Stream{{job_module("sample"), "action={}"}, 2'000, 20'000}}) {
        INFO(stream.job.front());
        Launcher launcher;
        Words words{"-j2", "--joblog", "log"};
        words.insert(words.end(), stream.job.begin(), stream.job.end());
        Process process = launcher.start(words, {.output_to_file = true});
        const auto feed = [&](int jobs) {
            for (int job = 0; job < jobs; ++job) {
                process.write("an item\n");
            }
        };
        const auto wait_for_jobs = [&](int jobs) {
            // The log has a line for its columns, and one for each job that has ended.
            const auto lines = [&] {
                const std::string log = launcher.read("log");
                return std::count(log.begin(), log.end(), '\n');
            };
            return wait_until([&] { return lines() == jobs + 1; }, std::chrono::seconds(60));
        };
        feed(stream.first);
        REQUIRE(launcher.wait_for("log"));
        REQUIRE(wait_for_jobs(stream.first));
        const std::uint64_t before = peak_memory_kib(process.pid());
        feed(stream.more);
        REQUIRE(wait_for_jobs(stream.first + stream.more));
        if (kPatience == 1) {  // sanitizers have memory of their own
            CHECK(peak_memory_kib(process.pid()) < before + 1024);
        }
        process.close_stdin();
        CHECK(process.wait().code == 0);
    }
}

TEST_CASE("twenty thousand items stream through in order and in little memory", "[launcher]") {
    constexpr int kItems = 20'000;
    Launcher launcher;
    Process process =
        launcher.start({"-k", "-j2", job_module("sample"), "action={}"}, {.output_to_file = true});
    std::string expected;
    for (int item = 1; item <= kItems; ++item) {
        process.write(std::to_string(item) + "\n");
        expected += std::to_string(item) + " begins\n";
    }
    CHECK(wait_until(
        [&] { return std::filesystem::file_size(launcher.work() / "../out") == expected.size(); },
        std::chrono::seconds(60)));
    if (kPatience == 1) {
        CHECK(peak_memory_kib(process.pid()) < 32 * 1024);
    }
    process.close_stdin();
    CHECK(process.wait().code == 0);
    CHECK(launcher.out() == expected);
}
