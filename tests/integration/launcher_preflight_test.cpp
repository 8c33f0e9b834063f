// SPDX-License-Identifier: MIT
// What is found out before the first job starts.
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <filesystem>

using namespace aiomisc::test;
namespace fs = std::filesystem;

TEST_CASE("long output needs a folder to wait in, and that is known at the start", "[launcher]") {
    Launcher launcher;
    launcher.write("file", "");
    for (const Words& words :
         {Words{"--tmpdir", "nowhere"},
          Words{"--tmpdir", "file"},
          Words{"--tmpdir", ""},
          Words{"--tmpdir", "nowhere", "--files"},
          Words{"--tmpdir", "nowhere", "--results", "kept.csv"}}) {
        INFO(words.at(1));
        const Outcome outcome = launcher.run(words + Words{"touch", ":::", "started"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("--tmpdir"));
        CHECK_FALSE(fs::exists(launcher.work() / "started"));
        CHECK_FALSE(fs::exists(launcher.work() / "nowhere"));
    }
    const Outcome inherited =
        launcher.run({"touch", ":::", "started"}, {.environment = {{"TMPDIR", "nowhere"}}});
    CHECK(inherited.status.code == 255);
    CHECK_THAT(inherited.err, contains("nowhere"));
    CHECK_THAT(inherited.err, contains("--tmpdir"));
}

TEST_CASE("a shell that is none is told of before jobs start", "[launcher]") {
    Launcher launcher;
    for (const char* shell : {"no-such-shell", "/tmp", "./file"}) {
        INFO(shell);
        launcher.write("file", "");
        const Outcome outcome =
            launcher.run({"--joblog", "log", "--shell", shell, "echo {} |cat", ":::", "a", "b"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("--shell '" + std::string(shell) + "'"));
        CHECK_FALSE(fs::exists(launcher.work() / "log"));
    }
}

TEST_CASE("a file that is read is not written", "[launcher]") {
    Launcher launcher;
    const std::string items = "1\n2\n";
    for (const Words& words :
         {Words{"--joblog", "list.csv", "-a", "list.csv"},
          Words{"--joblog", "link", "-a", "./list.csv"},
          Words{"--results", "list.csv", "-a", "link"},
          Words{"--joblog", "+list.csv", "echo", "::::", "list.csv"}}) {
        INFO(words.at(1));
        launcher.write("list.csv", items);
        fs::remove(launcher.work() / "link");
        fs::create_symlink("list.csv", launcher.work() / "link");
        const Outcome outcome =
            launcher.run(words.size() > 4 ? words : words + Words{"echo", "{}"});
        CHECK(outcome.status.code == 255);
        CHECK(outcome.out == "");
        CHECK_THAT(outcome.err, contains("the items are read from it"));
        CHECK(launcher.read("list.csv") == items);
    }

    const Outcome twice =
        launcher.run({"--joblog", "one.jsonl", "--results", "one.jsonl", "echo", ":::", "a"});
    CHECK(twice.status.code == 255);
    CHECK_THAT(twice.err, contains("--joblog and --results name the same file"));
}

TEST_CASE("standard input that is a file is not written", "[launcher]") {
    Launcher launcher;
    launcher.write("list", "1\n2\n");
    const Outcome outcome = launcher.run({"--joblog", "../in", "echo"}, {.input = "1\n2\n"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("the items are read from it"));
    CHECK(launcher.read("../in") == "1\n2\n");
}
