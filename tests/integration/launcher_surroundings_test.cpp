// SPDX-License-Identifier: MIT

// What a command finds around it: nothing of the launcher's but what it is meant to have.

#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <cstdint>
#include <map>
#include <sstream>
#include <string>

using namespace aiomisc::test;

namespace {

/// Signals 32 and 33 are the C library's own: it lets nobody set them.
constexpr std::uint64_t kOfLibrary = std::uint64_t{3} << 31;

/// The masks of /proc/PID/status, by name.
std::map<std::string, std::uint64_t> masks_of(const std::string& status) {
    std::map<std::string, std::uint64_t> masks;
    for (const std::string& line : lines_of(status)) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t mask = 0;
        if (line.starts_with("Sig") && words >> name >> std::hex >> mask) {
            masks[name] = mask & ~kOfLibrary;
        }
    }
    return masks;
}

/// The fields of /proc/PID/stat behind the name: state, parent, process group, session, …
Words fields_of(const std::string& stat) {
    std::istringstream words(stat.substr(stat.rfind(')') + 1));
    Words fields;
    for (std::string field; words >> field;) {
        fields.push_back(field);
    }
    return fields;
}

}  // namespace

TEST_CASE("a command has the three standard descriptors, and no other", "[launcher]") {
    Launcher launcher;
    launcher.write("items", "A\n");
    // All that the launcher has open at the time: a log, a source, its memory of the output.
    const Outcome outcome = launcher.run(
        {"-j1",
         "--joblog",
         "log",
         "--spill",
         "1",
         "--no-shell",
         "/bin/sh",
         "-c",
         "printf 12345; ls -l /proc/$$/fd; : {}",
         "::::",
         "items"});
    CHECK(outcome.status.code == 0);
    std::map<std::string, std::string> targets;
    for (const std::string& line : lines_of(outcome.out)) {
        const std::size_t arrow = line.find(" -> ");
        if (arrow != std::string::npos) {
            const std::size_t name = line.rfind(' ', arrow - 1) + 1;
            targets[line.substr(name, arrow - name)] = line.substr(arrow + 4);
        }
    }
    CHECK(targets.size() == 3);
    CHECK(targets["0"] == "/dev/null");
    CHECK_THAT(targets["1"], starts_with("pipe:"));
    CHECK_THAT(targets["2"], starts_with("pipe:"));
    CHECK(targets["1"] != targets["2"]);
}

TEST_CASE("a command finds every signal at its default, and none blocked", "[launcher]") {
    Launcher launcher;
    // Whoever starts the launcher may have signals blocked and ignored.
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "cd \"$1\" && trap '' INT QUIT HUP USR1 USR2 ALRM CHLD PIPE && "
         "exec \"$0\" --no-shell cat /proc/self/status ::: /dev/null",
         AIOMISC_TEST_RUN,
         launcher.work()});
    process.close_stdin();
    const auto masks = masks_of(process.read_all());
    CHECK(process.wait().code == 0);
    REQUIRE(masks.size() == 5);
    for (const char* name : {"SigPnd:", "SigBlk:", "SigIgn:", "SigCgt:"}) {
        INFO(name);
        CHECK(masks.at(name) == 0);
    }
}

TEST_CASE("each command leads a process group of its own", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"-k", "-j2", "cat /proc/$$/stat; : {}", ":::", "A", "B"});
    const Words lines = lines_of(outcome.out);
    REQUIRE(lines.size() == 2);
    Words groups;
    for (const std::string& line : lines) {
        const std::string pid = line.substr(0, line.find(' '));
        groups.push_back(fields_of(line).at(2));
        CHECK(groups.back() == pid);
    }
    CHECK(groups[0] != groups[1]);
}

TEST_CASE("commands are children of a helper, not of the launcher", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"-j1", "cat /proc/$$/stat; : {}", ":::", "A"});
    process.close_stdin();
    const Words fields = fields_of(process.read_all());
    CHECK(process.wait().code == 0);
    CHECK(std::stoi(fields.at(1)) != process.pid());
}

TEST_CASE("jobs leave the input of the loop around them alone", "[launcher][AR-77]") {
    Launcher launcher;
    launcher.write("three_lines", "1\n2\n3\n");
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "cd \"$1\" && while read x; do \"$0\" 'cat >/dev/null; : {}' ::: a; echo $x; done "
         "< three_lines",
         AIOMISC_TEST_RUN,
         launcher.work()});
    process.close_stdin();
    CHECK(process.read_all() == "1\n2\n3\n");
    CHECK(process.wait().code == 0);
}
