// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <aiomisc/runtime/base/unique_fd.h>

#include <csignal>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace aiomisc::test;

namespace {

/// Ends at once for `done`; else starts a child, and one that has left its session, and waits.
const std::string kTree =
    "test {} = done && exit 0; sleep 300 & setsid sleep 300 & : >started-{}; wait";

/// The same, deaf to SIGTERM, children included.
const std::string kDeafTree = "trap '' TERM; " + kTree + "; while :; do wait; sleep 1; done";

/// A run of one job that has ended, and two that run.
Process start_tree(Launcher& launcher, Words options, const std::string& job) {
    options.insert(options.end(), {"-j2", "--joblog", "log", job, ":::", "done", "A", "B"});
    Process process = launcher.start(options);
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    REQUIRE(launcher.wait_for("started-B"));
    return process;
}

/// Kills the one process of a run that is called `name`.
void kill_one(const Process& process, const std::string& name) {
    const std::vector<pid_t> pids = processes_named(process, name);
    REQUIRE(pids.size() == 1);
    REQUIRE(::kill(pids.front(), SIGKILL) == 0);
}

/// The stderr of a run to come: a pipe that is full and that nobody reads, once it is stopped up.
class StuckStderr {
public:
    explicit StuckStderr(const Launcher& launcher) {
        const std::string path = launcher.work().parent_path() / "err";
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        pipe_ = aiomisc::UniqueFd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        REQUIRE(pipe_);
    }

    void stop_up() {
        // Byte by byte at last: not even those are to find room.
        for (const std::size_t size : {std::size_t{4096}, std::size_t{1}}) {
            const std::string bytes(size, 'x');
            while (::write(pipe_.get(), bytes.data(), size) > 0) {
            }
        }
    }

private:
    aiomisc::UniqueFd pipe_;
};

/// Asks a run for its jobs until it says that job, and no other, for the second time.
bool wait_until_listed(const Process& process, const Launcher& launcher, const std::string& job) {
    const auto listed = [&](const std::string& line) {
        return line.starts_with("aiomisc-run: " + job);
    };
    return wait_until(
        [&] {
            process.send_signal(SIGUSR1);
            const Words lines = lines_of(launcher.err());
            return lines.size() >= 2 && listed(lines.back()) && listed(lines[lines.size() - 2]);
        },
        std::chrono::seconds(10));
}

}  // namespace

TEST_CASE("SIGINT and SIGTERM end all jobs, and the launcher by that signal", "[launcher][AR-71]") {
    for (const int signal : {SIGINT, SIGTERM}) {
        INFO("signal " << signal);
        Launcher launcher;
        Process process = start_tree(launcher, {}, kTree);
        process.send_signal(signal);
        CHECK(process.wait().signal == signal);
        CHECK(nothing_left_of(process));
        const auto rows = rows_of(launcher.read("log"));
        REQUIRE(rows.size() == 3);
        CHECK(rows[0][6] == "0");
        for (const int killed : {1, 2}) {
            CHECK(rows[killed][6] == "-1");
            CHECK(rows[killed][7] == "15");
        }
        CHECK_THAT(launcher.err(), contains("2 cancelled"));
    }
}

TEST_CASE("a job deaf to SIGTERM does not outlive SIGINT", "[launcher]") {
    Launcher launcher;
    Process process = start_tree(launcher, {}, kDeafTree);
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(nothing_left_of(process));
    CHECK(rows_of(launcher.read("log")).at(1).at(7) == "9");
}

TEST_CASE("a run that collects its input first can be stopped", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"--shuf", "-0", "true", "::::", "/dev/zero"});
    const std::uint64_t before = peak_memory_kib(process.pid());
    REQUIRE(wait_until(
        [&] { return peak_memory_kib(process.pid()) > before + (64U << 10U); },
        std::chrono::seconds(20)));
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
}

TEST_CASE("a reader that does not read cannot hold up the end of a run", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"head -c 3000000 /dev/zero; : >done-{}", ":::", "1"});
    REQUIRE(launcher.wait_for("done-1"));
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
    CHECK_THAT(launcher.err(), contains("output is incomplete"));
}

TEST_CASE("a second SIGINT waits for nobody", "[launcher]") {
    Launcher launcher;
    // The ladder would take an hour.
    Process process = start_tree(launcher, {"--term-seq", "TERM,3600000,KILL,25"}, kDeafTree);
    process.send_signal(SIGINT);
    // Two that come at once count as one.
    CHECK(wait_until(
        [&] {
            process.send_signal(SIGINT);
            return process.survivors().empty();
        },
        std::chrono::seconds(10)));
    CHECK(process.wait().signal == SIGINT);
    CHECK(rows_of(launcher.read("log")).size() == 1);
}

TEST_CASE("SIGUSR1 does not wait for a stderr that nobody reads", "[launcher]") {
    Launcher launcher;
    StuckStderr stderr_of_run(launcher);
    Process process = launcher.start(
        {"-j1",
         ": >started-{}; while ! test -e go; do sleep 0.01; done; echo {}",
         ":::",
         "A",
         "B"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    stderr_of_run.stop_up();
    process.send_signal(SIGUSR1);
    launcher.write("go", "");
    CHECK(lines_of(process.read_all()) == Words{"A", "B"});
    CHECK(process.wait().code == 0);
}

TEST_CASE("a second SIGINT works while stderr is stuck", "[launcher]") {
    Launcher launcher;
    StuckStderr stderr_of_run(launcher);
    Process process = launcher.start(
        {"-j2",
         "-t",
         ": >started-{}; while ! test -e go-{}; do sleep 0.01; done",
         ":::",
         "A",
         "C",
         "D"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    REQUIRE(launcher.wait_for("started-C"));
    stderr_of_run.stop_up();
    // The command of the third job is to be printed now, and blocks the launcher.
    launcher.write("go-A", "");
    CHECK(wait_until(
        [&] { return processes_named(process, "sh").size() == 1; }, std::chrono::seconds(10)));
    CHECK(wait_until(
        [&] {
            process.send_signal(SIGINT);
            return process.survivors().empty();
        },
        std::chrono::seconds(10)));
    CHECK(process.wait().signal == SIGINT);
    CHECK(nothing_left_of(process));
}

TEST_CASE("a hangup ends a launcher that cannot get rid of its summary", "[launcher]") {
    Launcher launcher;
    StuckStderr stderr_of_run(launcher);
    Process process = launcher.start(
        {": >started; while ! test -e go; do sleep 0.01; done; exit {}", ":::", "1"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started"));
    stderr_of_run.stop_up();
    launcher.write("go", "");
    // Before the end of the job one means that nothing more is to start, and there is nothing.
    CHECK(wait_until(
        [&] {
            process.send_signal(SIGHUP);
            return process.survivors().empty();
        },
        std::chrono::seconds(10)));
    CHECK(process.wait().signal == SIGHUP);
}

TEST_CASE("a halt does not wait for a reader that does not read", "[launcher]") {
    Launcher launcher;
    Process process =
        launcher.start({"--halt", "now,fail=1", "head -c 1000000 /dev/zero; exit {}", ":::", "3"});
    process.close_stdin();
    // As after a run that nothing held up; AddressSanitizer would end it with another status.
    CHECK(process.wait().code == 3);
    CHECK_THAT(launcher.err(), contains("output is incomplete"));
}

TEST_CASE("kill -9 of the launcher leaves nothing running", "[launcher]") {
    Launcher launcher;
    Process process = start_tree(launcher, {}, kDeafTree);
    // The launcher, zygote and supervisor, and two shells with two children each.
    CHECK(wait_until([&] { return process.survivors().size() >= 9; }, std::chrono::seconds(10)));
    process.send_signal(SIGKILL);
    CHECK(process.wait().signal == SIGKILL);
    CHECK(nothing_left_of(process));
    CHECK(rows_of(launcher.read("log")).size() == 1);
    CHECK(std::filesystem::is_empty(launcher.temporary()));
}

TEST_CASE("kill -9 of the launcher leaves no worker and no child of one", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({job_module("sample"), "action={}", ":::", "hang"});
    REQUIRE(launcher.wait_for("waits"));
    REQUIRE(launcher.wait_for("child-runs"));
    process.send_signal(SIGKILL);
    CHECK(process.wait().signal == SIGKILL);
    CHECK(nothing_left_of(process));
}

TEST_CASE("SIGINT ends job functions, and what they started", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j2", "--joblog", "log", job_module("sample"), "action={}", ":::", "ok", "hang"});
    REQUIRE(launcher.wait_for("waits"));
    REQUIRE(launcher.wait_for("child-runs"));
    REQUIRE(wait_until(
        [&] { return rows_of(launcher.read("log")).size() == 1; }, std::chrono::seconds(10)));
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(nothing_left_of(process));
    const auto rows = rows_of(launcher.read("log"));
    CHECK(rows.at(0).at(6) == "0");
    CHECK(rows.at(1).at(7) == "9");
}

TEST_CASE("a job function that asks learns that it is to stop", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"--term-seq", "TERM,3600000,KILL,25", job_module("sample"), "action={}", ":::", "polite"});
    REQUIRE(launcher.wait_for("waits"));
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(launcher.wait_for("stopped-when-asked"));
}

TEST_CASE("SIGHUP starts nothing more, and lets what runs finish", "[launcher][AR-72]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-k",
         "-j2",
         ": >started-{}; while ! test -e go; do sleep 0.01; done; echo {}",
         ":::",
         "A",
         "B",
         "C"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    REQUIRE(launcher.wait_for("started-B"));
    process.send_signal(SIGHUP);
    // It is there before the end of jobs that end only by what comes now.
    launcher.write("go", "");
    const std::string out = process.read_all();
    CHECK(process.wait().code == 129);
    CHECK(lines_of(out) == Words{"A", "B"});
}

TEST_CASE("SIGHUP starts no further attempt", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j1",
         "--retries",
         "3",
         "--retry-delay",
         "3600",
         "--joblog",
         "log.jsonl",
         "--results",
         "results.csv",
         "echo x >>attempts; printf {}; exit 3",
         ":::",
         "A",
         "B"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("attempts"));
    REQUIRE(wait_until_listed(process, launcher, "no job runs"));
    process.send_signal(SIGHUP);
    const std::string out = process.read_all();
    CHECK(process.wait().code == 129);
    CHECK(out == "A");
    CHECK(launcher.read("attempts") == "x\n");
    CHECK(lines_of(launcher.read("results.csv")).size() == 2);
    const Words log = lines_of(launcher.read("log.jsonl"));
    REQUIRE(log.size() == 3);
    CHECK_THAT(log[1], contains("\"attempt\":1,\"final\":true"));
    CHECK_THAT(log[1], contains("\"exit\":3"));
}

TEST_CASE("a soon halt starts no further attempt", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j2",
         "--halt",
         "soon,success=1",
         "--retries",
         "3",
         "--retry-delay",
         "3600",
         "--joblog",
         "log",
         "test {} = B || { echo x >>attempts; exit 3; }; while ! test -e go; do sleep 0.01; done",
         ":::",
         "A",
         "B"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("attempts"));
    REQUIRE(wait_until_listed(process, launcher, "job 2"));
    launcher.write("go", "");
    CHECK(process.wait().code == 0);
    CHECK(launcher.read("attempts") == "x\n");
    const auto rows = rows_of(launcher.read("log"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0][6] == "3");
    CHECK(rows[1][6] == "0");
}

TEST_CASE("SIGINT between two attempts cancels the job", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"--retries",
         "3",
         "--retry-delay",
         "3600",
         "--joblog",
         "log",
         "echo x >>attempts; exit 3",
         ":::",
         "A"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("attempts"));
    REQUIRE(wait_until_listed(process, launcher, "no job runs"));
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(launcher.read("attempts") == "x\n");
    CHECK(rows_of(launcher.read("log")).size() == 1);
    CHECK_THAT(launcher.err(), contains("1 cancelled"));
}

TEST_CASE("a supervisor that is killed costs the jobs below it, not the run", "[launcher]") {
    for (const Words& job :
         {Words{"test {} = hang || exit 0; : >waits; sleep 300 & setsid sleep 300 & wait"},
          Words{job_module("sample"), "action={}"}}) {
        INFO(job.front());
        Launcher launcher;
        Words words{"-j1", "--joblog", "log"};
        words.insert(words.end(), job.begin(), job.end());
        words.insert(words.end(), {":::", "ok", "hang", "ok"});
        Process process = launcher.start(words);
        REQUIRE(launcher.wait_for("waits"));
        kill_one(process, "aiomisc-superv");
        CHECK(process.wait().code == 1);
        CHECK(nothing_left_of(process));
        const auto rows = rows_of(launcher.read("log"));
        REQUIRE(rows.size() == 3);
        CHECK(rows[1][7] == "9");
        CHECK(rows[2][6] == "0");
        CHECK_THAT(launcher.err(), contains("supervisor"));
    }
}

TEST_CASE("a run goes on when the zygote is killed", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-k",
         "-j1",
         ": >started-{}; while ! test -e go; do sleep 0.01; done; echo {}",
         ":::",
         "A",
         "B"});
    REQUIRE(launcher.wait_for("started-A"));
    kill_one(process, "aiomisc-zygote");
    launcher.write("go", "");
    CHECK(lines_of(process.read_all()) == Words{"A", "B"});
    CHECK(process.wait().code == 0);
    CHECK(nothing_left_of(process));
}
