// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

using namespace aiomisc::test;

// Finished jobs whose output cannot be printed yet.

namespace {

constexpr int kJobs = 500;

/// So many fit with tags this long.
const std::string kTag(100'000, 't');
constexpr std::size_t kWaiting = (32 << 20) / 100'000;

std::string numbers(int last) {
    std::string text;
    for (int number = 1; number <= last; ++number) {
        text += std::to_string(number) + "\n";
    }
    return text;
}

/// Asks a run for its jobs until it says the same twice, and no other in between.
bool wait_until_idle(const Process& process, const Launcher& launcher, const std::string& line) {
    return wait_until(
        [&] {
            process.send_signal(SIGUSR1);
            const Words lines = lines_of(launcher.err());
            return lines.size() >= 2 && lines.back().starts_with(line) &&
                   lines[lines.size() - 2].starts_with(line);
        },
        std::chrono::seconds(30));
}

void check_started(const Launcher& launcher) {
    const std::size_t started = launcher.read("started").size();
    CHECK(started > kWaiting / 2);
    CHECK(started <= kWaiting + 1);
}

/// The lines of jobs that print their number, behind that tag.
Words numbers_behind_tag(const std::string& out) {
    Words lines = lines_of(out);
    for (std::string& line : lines) {
        line.erase(0, std::min(line.size(), kTag.size() + 1));
    }
    return lines;
}

/// A run whose output nobody reads, when it starts no further job.
Process start_unread(Launcher& launcher) {
    Process process = launcher.start(
        {"-j1", "--tagstring", kTag, "printf x >>started; echo {}"}, {.input = numbers(kJobs)});
    REQUIRE(launcher.wait_for("started"));
    REQUIRE(wait_until_idle(process, launcher, "aiomisc-run: no job runs"));
    return process;
}

}  // namespace

TEST_CASE("jobs that wait for one before them hold up the run at last", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-k",
         "-j2",
         "--tagstring",
         kTag,
         "case {} in 1) while ! test -e go; do sleep 0.01; done;; esac; printf x >>started; "
         "echo {}"},
        {.input = numbers(kJobs)});
    REQUIRE(launcher.wait_for("started"));
    REQUIRE(wait_until_idle(process, launcher, "aiomisc-run: job 1 (pid "));
    check_started(launcher);
    launcher.write("go", "");
    CHECK(numbers_behind_tag(process.read_all()) == lines_of(numbers(kJobs)));
    CHECK(process.wait().code == 0);
}

TEST_CASE("jobs that wait for the reader hold up the run at last", "[launcher]") {
    Launcher launcher;
    Process process = start_unread(launcher);
    check_started(launcher);
    CHECK(numbers_behind_tag(process.read_all()) == lines_of(numbers(kJobs)));
    CHECK(process.wait().code == 0);
}

TEST_CASE("a run that is held up by its reader can be stopped", "[launcher]") {
    Launcher launcher;
    Process process = start_unread(launcher);
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
    CHECK(nothing_left_of(process));
    CHECK_THAT(launcher.err(), contains("output is incomplete"));
}

TEST_CASE("jobs that wait keep their output on the disk", "[launcher]") {
    constexpr int kPrinting = 70;
    Launcher launcher;
    Process process = launcher.start(
        {"-k",
         "-j2",
         "case {} in 1) while ! test -e go; do sleep 0.01; done;; "
         "70) printf x; : >last;; *) head -c 1200000 /dev/zero;; esac"},
        {.input = numbers(kPrinting), .output_to_file = true});
    REQUIRE(launcher.wait_for("last"));
    if (kPatience == 1) {
        CHECK(peak_memory_kib(process.pid()) < 64 * 1024);
    }
    launcher.write("go", "");
    CHECK(process.wait().code == 0);
    CHECK(
        std::filesystem::file_size(launcher.work() / "../out") == (kPrinting - 2) * 1'200'000 + 1);
}

TEST_CASE("a job without a record does not keep back what others printed", "[launcher]") {
    Launcher launcher;
    // A file is where the folder of its results should be.
    const Outcome outcome = launcher.run(
        {"-k",
         "-j2",
         "--joblog",
         "log",
         "--results",
         "r",
         "case {} in A) while ! grep -q ^2 log; do sleep 0.01; done; : >r/1/A;; esac; echo {}",
         ":::",
         "A",
         "B"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("r/1/A"));
    CHECK(rows_of(launcher.read("log")).size() == 1);
    CHECK(outcome.out == "B\n");
}
