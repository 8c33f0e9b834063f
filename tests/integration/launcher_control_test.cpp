// SPDX-License-Identifier: MIT
// A run that is asked, shown, suspended; and one that ends in any way, of which nothing survives.
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Waits for the file that is named like its item.
const std::string kWaits = ": >started-{}; while ! test -e {}; do sleep 0.01; done; echo {}";

/// Deaf to SIGTERM: a child that left the session, a grandchild whose parent is gone, and itself.
const std::string kTree =
    "trap '' TERM; setsid sleep 300 & (setsid sleep 300 &); : >started; echo {}; "
    "while ! test -e go; do sleep 0.01; done; exit 0";

char state_of(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t name_end = text.rfind(") ");
    return name_end == std::string::npos ? '?' : text[name_end + 2];
}

/// Whether the launcher and all its jobs are stopped. The zygote and the supervisor serve on.
bool is_suspended(const Process& process) {
    std::vector<pid_t> pids = process.survivors();
    for (const char* name : {"aiomisc-zygote", "aiomisc-superv"}) {
        for (const pid_t helper : processes_named(process, name)) {
            std::erase(pids, helper);
        }
    }
    // 'D' is a shell whose vfork()ed child was stopped before it executed anything.
    return pids.size() >= 2 && std::all_of(pids.begin(), pids.end(), [](pid_t pid) {
               return state_of(pid) == 'T' || state_of(pid) == 'D';
           });
}

/// Holds processes so that no signal reaches them, as the kernel holds those that wait for a disk.
class Freezer {
public:
    Freezer() : directory_("/sys/fs/cgroup/freezer/aiomisc-test-" + std::to_string(::getpid())) {
        std::error_code failed;
        std::filesystem::create_directory(directory_, failed);
    }

    Freezer(const Freezer&) = delete;
    Freezer& operator=(const Freezer&) = delete;

    ~Freezer() {
        [[maybe_unused]] const bool thawed = set("freezer.state", "THAWED");
        std::error_code failed;
        wait_until([&] { return std::filesystem::remove(directory_, failed); }, 5s);
    }

    /// False where this system has no such thing for us.
    [[nodiscard]] bool freeze(pid_t pid) const {
        return set("cgroup.procs", std::to_string(pid)) && set("freezer.state", "FROZEN");
    }

private:
    [[nodiscard]] bool set(const char* name, const std::string& value) const {
        std::ofstream file(directory_ / name);
        file << value << std::flush;
        return file.good();
    }

    std::filesystem::path directory_;
};

}  // namespace

TEST_CASE("a job that nothing can kill does not hold up the end of a run", "[launcher]") {
    struct Kind {
        Words job;
        const char* process;
    };

    for (const Kind& kind :
         {Kind{{": >waits; exec sleep 300; : {}"}, "sleep"},
          Kind{{job_module("sample"), "action={}"}, "aiomisc-worker"}}) {
        INFO(kind.process);
        Launcher launcher;
        Words words{"--joblog", "log.jsonl"};
        words.insert(words.end(), kind.job.begin(), kind.job.end());
        words.insert(words.end(), {":::", "polite"});
        Process process = launcher.start(words);
        process.close_stdin();
        REQUIRE(launcher.wait_for("waits"));
        std::vector<pid_t> pids;
        REQUIRE(wait_until(
            [&] { return !(pids = processes_named(process, kind.process)).empty(); }, 10s));
        {
            const Freezer freezer;
            if (!freezer.freeze(pids.front())) {
                WARN("there is no freezer for us: not tested");
                return;
            }
            process.send_signal(SIGTERM);
            CHECK(process.wait().signal == SIGTERM);
            CHECK_THAT(launcher.read("log.jsonl"), contains("survives SIGKILL"));
        }
        CHECK(nothing_left_of(process));
    }
}

TEST_CASE("SIGUSR1 lists the jobs that run and leaves them alone", "[launcher][AR-73]") {
    Launcher launcher;
    Process process = launcher.start({"-j2", "-k", kWaits, ":::", "A", "B", "C"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    REQUIRE(launcher.wait_for("started-B"));
    // A job may run before the launcher has heard of its process.
    Words lines;
    REQUIRE(wait_until(
        [&] {
            process.send_signal(SIGUSR1);
            lines = lines_of(launcher.err());
            lines.erase(lines.begin(), lines.size() < 2 ? lines.end() : lines.end() - 2);
            return lines.size() == 2 && lines[1].find("(pid ") != std::string::npos;
        },
        10s));
    for (const std::size_t job : {0U, 1U}) {
        CHECK_THAT(
            lines[job], starts_with("aiomisc-run: job " + std::to_string(job + 1) + " (pid "));
        CHECK_THAT(lines[job], contains(job == 0 ? "while ! test -e A" : "while ! test -e B"));
    }
    for (const char* name : {"A", "B", "C"}) {
        launcher.write(name, "");
    }
    CHECK(process.read_all() == "A\nB\nC\n");
    CHECK(process.wait().code == 0);
}

TEST_CASE("SIGUSR1 lists job functions, too", "[launcher][AR-73]") {
    Launcher launcher;
    Process process = launcher.start({job_module("sample"), "action={}", ":::", "polite"});
    REQUIRE(launcher.wait_for("waits"));
    process.send_signal(SIGUSR1);
    CHECK(wait_until([&] { return launcher.err().find("job 1 (pid ") != std::string::npos; }, 10s));
    process.send_signal(SIGTERM);
    CHECK(process.wait().signal == SIGTERM);
}

TEST_CASE("SIGUSR2 shows the progress and takes it away", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"-j1", kWaits, ":::", "A", "B"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    CHECK(launcher.err() == "");
    process.send_signal(SIGUSR2);
    CHECK(wait_until([&] { return lines_of(launcher.err()).size() == 1; }, 10s));
    CHECK_THAT(launcher.err(), contains("0/2"));
    process.send_signal(SIGUSR2);
    launcher.write("A", "");
    launcher.write("B", "");
    CHECK(process.wait().code == 0);
    // No line at the end: it was taken away.
    CHECK(lines_of(launcher.err()).size() == 1);
}

TEST_CASE("SIGTSTP stops all jobs, and SIGCONT lets them go on", "[launcher]") {
    for (const Words& job : {Words{kTree}, Words{job_module("place"), "what={}"}}) {
        INFO(job.front());
        Launcher launcher;
        Words words = job;
        words.insert(words.end(), {":::", "tree"});
        Process process = launcher.start(words);
        process.close_stdin();
        REQUIRE(launcher.wait_for("started"));
        process.send_signal(SIGTSTP);
        CHECK(wait_until([&] { return is_suspended(process); }, 10s));
        process.send_signal(SIGCONT);
        CHECK(wait_until(
            [&] {
                const auto pids = process.survivors();
                return std::none_of(
                    pids.begin(), pids.end(), [](pid_t pid) { return state_of(pid) == 'T'; });
            },
            10s));
        process.send_signal(SIGTERM);
        CHECK(process.wait().signal == SIGTERM);
        CHECK(nothing_left_of(process));
        // Nobody is told that workers were stopped: that was the order.
        CHECK_THAT(launcher.err(), !contains("was stopped"));
    }
}

TEST_CASE("the time in which a run is stopped does not count", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"--timeout", "5", kWaits, ":::", "A"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started-A"));
    process.send_signal(SIGTSTP);
    REQUIRE(wait_until([&] { return is_suspended(process); }, 4s));
    // Longer than the job may take.
    CHECK_FALSE(wait_until([&] { return !is_suspended(process); }, 6s));
    launcher.write("A", "");
    process.send_signal(SIGCONT);
    CHECK(process.read_all() == "A\n");
    CHECK(process.wait().code == 0);
}

TEST_CASE("nothing survives, whatever ends the run", "[launcher][AR-71]") {
    for (const Words& job : {Words{kTree}, Words{job_module("place"), "what={}"}}) {
        for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
            INFO(job.front() << ", signal " << signal);
            Launcher launcher;
            Words words = job;
            words.insert(words.end(), {":::", "tree"});
            Process process = launcher.start(words);
            process.close_stdin();
            REQUIRE(launcher.wait_for("started"));
            process.send_signal(signal);
            CHECK(process.wait().signal == signal);
            CHECK(nothing_left_of(process));
            CHECK(std::filesystem::is_empty(launcher.temporary()));
        }
    }
}

TEST_CASE("nothing survives the end of a drained run", "[launcher][AR-72]") {
    Launcher launcher;
    Process process = launcher.start({kTree, ":::", "tree"});
    process.close_stdin();
    REQUIRE(launcher.wait_for("started"));
    process.send_signal(SIGHUP);
    launcher.write("go", "");
    CHECK(process.wait().code == 0);  // every job ran
    CHECK(nothing_left_of(process));
}

TEST_CASE("nothing survives a reader that goes away", "[launcher]") {
    Launcher launcher;
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "cd \"$0\" && \"$@\" | head -n 1",
         launcher.work().string(),
         AIOMISC_TEST_RUN,
         "-u",
         kTree,
         ":::",
         "tree"},
        {.environment = {{"TMPDIR", launcher.temporary().string()}}});
    process.close_stdin();
    CHECK(process.read_line() == "tree");
    process.wait();
    CHECK(nothing_left_of(process));
}

TEST_CASE("a module that is not ready yet is no reason to wait", "[launcher]") {
    for (const int signal : {SIGINT, SIGTERM}) {
        INFO("signal " << signal);
        Launcher launcher;
        Process process = launcher.start({job_module("init"), "item={}", ":::", "1"});
        process.close_stdin();
        REQUIRE(launcher.wait_for("init-runs"));
        process.send_signal(signal);
        CHECK(process.wait().signal == signal);
        CHECK(nothing_left_of(process));
        // Its supervisor is not asked first whether it would end.
        CHECK(launcher.err() == "");
    }
}

TEST_CASE("an init that fails is told once", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {job_module("init"), "item={}", ":::", "1"},
        {.environment = {{"AIOMISC_TEST_INIT", "throw"}}});
    CHECK(outcome.status.code == 255);
    CHECK(lines_of(outcome.err).size() == 1);
    CHECK_THAT(outcome.err, contains("no such model"));
}
