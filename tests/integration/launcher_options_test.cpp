// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <set>
#include <string>

using namespace aiomisc::test;

TEST_CASE("help and version go to stdout", "[launcher]") {
    Launcher launcher;
    for (const char* option : {"--help", "--help=all", "--version"}) {
        INFO(option);
        const Outcome outcome = launcher.run({option});
        CHECK(outcome.status.code == 0);
        CHECK_THAT(outcome.out, contains("aiomisc-run") || contains("OPTIONS"));
        CHECK(outcome.err == "");
    }
    CHECK(lines_of(launcher.run({"--help"}).out).size() <= 40);  // a screen
}

TEST_CASE("default options come from the environment, and the command line wins", "[launcher]") {
    Launcher launcher;
    const LaunchOptions options{.environment = {{"AIOMISC_RUN_OPTS", "--tagstring 'a b'"}}};
    CHECK(launcher.run({"echo", ":::", "x"}, options).out == "a b\tx\n");
    CHECK(launcher.run({"--tagstring", "c", "echo", ":::", "x"}, options).out == "c\tx\n");
    const Outcome wrong =
        launcher.run({"echo", ":::", "x"}, {.environment = {{"AIOMISC_RUN_OPTS", "--nosuchopt"}}});
    CHECK(wrong.status.code == 255);
    CHECK_THAT(wrong.err, contains("AIOMISC_RUN_OPTS"));
    const Outcome open =
        launcher.run({"echo", ":::", "x"}, {.environment = {{"AIOMISC_RUN_OPTS", "--tag 'a"}}});
    CHECK(open.status.code == 255);
    CHECK_THAT(open.err, contains("in AIOMISC_RUN_OPTS: a quote ' is not closed"));
}

TEST_CASE("short options are bundled, and what follows TARGET is its own", "[launcher]") {
    Launcher launcher;
    CHECK(launcher.run({"-kj2", "echo", "-k", "--tag", ":::", "x"}).out == "-k --tag x\n");
    CHECK(launcher.run({"--", "echo", ":::", "x"}).out == "x\n");
}

TEST_CASE("what GNU parallel has and this has not is refused, never ignored", "[launcher]") {
    Launcher launcher;
    for (const Words& words :
         {Words{"-S", "host", "echo"},
          Words{"--pipe", "cat"},
          Words{"--tmux", "echo"},
          Words{"echo {= s/a/b/ =}"},
          Words{"echo", "{=", "s/a/b/", "=}"}}) {
        INFO(words.back());
        Words all = words;
        all.insert(all.end(), {":::", "a"});
        const Outcome outcome = launcher.run(all);
        CHECK(outcome.status.code == 255);
        CHECK(outcome.out == "");
    }
    CHECK(launcher.run({"echo {=}{ =}", ":::", "a"}).status.code == 255);
    CHECK(launcher.run({"echo =} {=", ":::", "a"}).out == "=} {= a\n");
}

TEST_CASE("progress for programs and for files", "[launcher]") {
    Launcher launcher;
    CHECK_THAT(
        launcher.run({"--progress", "json", "true", ":::", "1", "2"}).err,
        starts_with(R"({"type":"progress","done":2,"failed":0,"running":0,"total":2,)"));
    CHECK_THAT(
        launcher.run({"--progress", "plain", "true", ":::", "1", "2"}).err,
        starts_with("2/2, 0 running"));
    CHECK(launcher.run({"--progress", "none", "true", ":::", "1", "2"}).err == "");
    // A file takes no bar.
    CHECK_THAT(launcher.run({"--bar", "true", ":::", "1", "2"}).err, starts_with("2/2, 0 running"));
}

TEST_CASE("the summary is printed when it is asked for", "[launcher]") {
    Launcher launcher;
    CHECK_THAT(
        launcher.run({"--summary", "always", "true", ":::", "1"}).err,
        starts_with("aiomisc-run: 1 job: 1 succeeded\n"));
    CHECK(launcher.run({"--summary", "never", "false", ":::", "1"}).err == "");
}

TEST_CASE("worker processes are replaced after so many jobs", "[launcher]") {
    Launcher launcher;
    const Words job{job_module("sample"), "action={}", ":::", "1", "2", "3", "4"};
    const auto processes = [&](Words words) {
        words.insert(words.begin(), {"-s", "-j1", "--joblog", "log.jsonl"});
        words.insert(words.end(), job.begin(), job.end());
        CHECK(launcher.run(words).status.code == 0);
        std::set<std::string> pids;
        for (const std::string& line : lines_of(launcher.read("log.jsonl"))) {
            if (line.starts_with("{\"type\":\"job\"")) {
                const std::size_t pid = line.find("\"pid\":");
                pids.insert(line.substr(pid, line.find(',', pid) - pid));
            }
        }
        return pids.size();
    };
    CHECK(processes({}) == 1);
    CHECK(processes({"--worker-tasks", "2"}) == 2);
    CHECK(processes({"--worker-tasks", "1"}) == 4);
}
