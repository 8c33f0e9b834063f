// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

using namespace aiomisc::test;

namespace {

/// The record of a job in a JSON log.
std::string record_of(const std::string& log, int seq) {
    const std::string start = "{\"type\":\"job\",\"seq\":" + std::to_string(seq) + ",";
    for (const std::string& line : lines_of(log)) {
        if (line.starts_with(start)) {
            return line;
        }
    }
    return "no record of job " + std::to_string(seq);
}

/// What jobs have noted, each process in a file of its own.
Words notes_of(const Launcher& launcher) {
    std::string notes;
    for (const std::string& name : launcher.files()) {
        if (name.starts_with("notes-")) {
            notes += launcher.read(name);
        }
    }
    return lines_of(notes);
}

}  // namespace

TEST_CASE("whatever a job function does costs that job alone", "[launcher][AR-78]") {
    Launcher launcher;
    std::filesystem::create_symlink(job_module("sample"), launcher.work() / "sample.so");
    const Words actions{"ok", "ret3", "ok", "segv", "throw", "exit3", "abort", "hang", "ok"};
    Words words{
        "-k",
        "--timeout",
        std::to_string(kPatience),
        "--joblog",
        "l.jsonl",
        "./sample.so",
        "action={}",
        ":::"};
    words.insert(words.end(), actions.begin(), actions.end());
    const Outcome outcome = launcher.run(words);
    CHECK(outcome.status.code == 6);
    Words expected;
    for (const std::string& action : actions) {
        expected.push_back(action + " begins");
    }
    CHECK(lines_of(outcome.out) == expected);

    const std::string log = launcher.read("l.jsonl");
    for (const int good : {1, 3, 9}) {
        CHECK_THAT(record_of(log, good), contains(R"("exit":0,"signal":0,"cause":"exit")"));
    }
    CHECK_THAT(record_of(log, 2), contains(R"("exit":3,"signal":0,"cause":"exit")"));
    CHECK_THAT(record_of(log, 4), contains(R"("exit":-1,"signal":11,"cause":"signal")"));
    CHECK_THAT(record_of(log, 5), contains(R"("exit":1,"signal":0,"cause":"exit")"));
    CHECK_THAT(record_of(log, 5), contains(R"("error":"a bad photograph")"));
    CHECK_THAT(record_of(log, 6), contains(R"("exit":3,"signal":0,"cause":"exit")"));
    CHECK_THAT(record_of(log, 7), contains(R"("exit":-1,"signal":6,"cause":"signal")"));
    CHECK_THAT(record_of(log, 8), contains(R"("exit":-1,"signal":9,"cause":"timeout")"));

    CHECK_THAT(outcome.err, contains("9 jobs: 3 succeeded, 6 failed"));
    CHECK_THAT(outcome.err, contains("job 4 was killed by SIGSEGV"));
    CHECK_THAT(outcome.err, contains("job 5 failed (a bad photograph)"));
    CHECK_THAT(outcome.err, contains("job 6 exited with 3 (called exit())"));
    CHECK_THAT(outcome.err, contains("job 8 timed out"));
}

TEST_CASE("a crash among many short jobs costs that job alone", "[launcher]") {
    constexpr int kJobs = 3000;
    Launcher launcher;
    std::string items;
    std::string expected;
    for (int seq = 1; seq <= kJobs; ++seq) {
        const std::string action = seq % 100 == 50 ? "quiet-segv" : seq % 77 == 0 ? "ok" : "quiet";
        items += action + "\n";
        expected += action == "ok" ? "ok begins\n" : "";
    }
    const Outcome outcome = launcher.run(
        {"-s", "-k", "-j2", "--joblog", "log", job_module("sample"), "action={}"},
        {.input = items});
    CHECK(outcome.status.code == 30);
    CHECK(outcome.out == expected);
    if (kPatience == 1) {  // sanitizers report a crash
        CHECK(outcome.err == "");
    }
    const auto rows = rows_of(launcher.read("log"));
    REQUIRE(rows.size() == kJobs);
    for (int seq = 1; seq <= kJobs; ++seq) {
        const auto& row = rows[static_cast<std::size_t>(seq) - 1];
        const bool crashes = seq % 100 == 50;
        INFO("job " << seq);
        CHECK(row.at(0) == std::to_string(seq));
        CHECK(row.at(6) == (crashes ? "-1" : "0"));
        CHECK(row.at(7) == (crashes ? "11" : "0"));
    }
}

TEST_CASE("short jobs have a slot each while they run", "[launcher]") {
    Launcher launcher;
    std::string items;
    for (int job = 0; job < 3000; ++job) {
        items += "quiet-slot\n";
    }
    const Outcome outcome =
        launcher.run({"-j2", job_module("sample"), "action={}"}, {.input = items});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.err == "");
}

TEST_CASE("of many short jobs, none begins after the run was stopped", "[launcher]") {
    for (const int signal : {SIGHUP, SIGINT}) {
        Launcher launcher;
        std::string items;
        for (int job = 0; job < 1000; ++job) {
            items += "quiet\n";
        }
        // Behind that one, all wait; with it, some are handed out.
        items += signal == SIGHUP ? "quiet-until-go\n" : "polite\n";
        for (int job = 0; job < 100; ++job) {
            items += "quiet\n";
        }
        Process process = launcher.start(
            {"-j1",
             "--joblog",
             "log",
             "--term-seq",
             "TERM,3600000,KILL,25",
             job_module("sample"),
             "action={}"},
            {.input = items});
        REQUIRE(launcher.wait_for("waits"));
        process.send_signal(signal);
        if (signal == SIGHUP) {
            // Signals are taken in their order: with the list, the hangup is known.
            process.send_signal(SIGUSR1);
            REQUIRE(wait_until(
                [&] { return launcher.err().find("quiet-until-go") != std::string::npos; },
                std::chrono::seconds(20)));
            launcher.write("go", "");
        }
        const ExitStatus status = process.wait();
        if (signal == SIGHUP) {
            CHECK(status.code == 129);
        } else {
            CHECK(status.signal == SIGINT);
        }
        const auto rows = rows_of(launcher.read("log"));
        REQUIRE(rows.size() == 1001);
        CHECK(rows.back().at(0) == "1001");
        CHECK(rows.back().at(6) == (signal == SIGHUP ? "0" : "-1"));
    }
}

TEST_CASE(
    "of many short jobs that are stopped, only those that ran then are cancelled", "[launcher]") {
    constexpr std::size_t kSlots = 3;
    constexpr int kRounds = 4;
    std::string items;
    for (int job = 1; job <= 60000; ++job) {
        items += "quiet-note-" + std::to_string(job) + "\n";
    }
    for (int round = 1; round <= kRounds; ++round) {
        Launcher launcher;
        Process process = launcher.start(
            {"-j3", "--joblog", "log", job_module("sample"), "action={}"}, {.input = items});
        const auto enough = static_cast<std::size_t>(round) * 2000;
        REQUIRE(wait_until(
            [&] { return notes_of(launcher).size() > enough; }, std::chrono::seconds(10)));
        // While it cannot read them, answers pile up.
        process.send_signal(SIGSTOP);
        std::size_t before = 0;
        CHECK(wait_until(
            [&] {
                const std::size_t now = notes_of(launcher).size();
                return std::exchange(before, now) == now;
            },
            std::chrono::seconds(10)));
        process.send_signal(SIGTERM);
        process.send_signal(SIGCONT);
        CHECK(process.wait().signal == SIGTERM);

        const Words notes = notes_of(launcher);
        std::set<std::string> noted(notes.begin(), notes.end());
        CHECK(noted.size() == notes.size());
        std::size_t cancelled = 0;
        for (const auto& row : rows_of(launcher.read("log"))) {
            INFO("job " << row.at(0));
            const bool was_noted = noted.erase(row.at(0)) == 1;
            if (row.at(6) == "-1") {
                ++cancelled;
            } else {
                CHECK(row.at(6) == "0");
                CHECK(was_noted);
            }
        }
        CHECK(cancelled <= kSlots);
        CHECK(noted.empty());  // a job has a row if it began
    }
}

TEST_CASE("a job function is tried again, in another process after a crash", "[launcher]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"--retries", "2", job_module("sample"), "action={}", ":::", "second-time"});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == "second-time begins\n");
    CHECK(
        launcher.run({"-s", "--retries", "3", job_module("sample"), "action={}", ":::", "segv"})
            .status.code == 1);
}

TEST_CASE("what a job function prints is captured like a process's", "[launcher]") {
    Launcher launcher;
    const Outcome streams =
        launcher.run({job_module("sample"), "action={}", ":::", "both-streams"});
    CHECK(sorted_lines_of(streams.out) == Words{"both-streams begins", "to stdout"});
    CHECK(streams.err == "to stderr\n");

    const Outcome much =
        launcher.run({"-k", "-j2", job_module("sample"), "action={}", ":::", "much", "much"});
    CHECK(much.status.code == 0);
    const std::size_t one = std::string("much begins\n").size() + std::size_t{3} * 1024 * 1024;
    REQUIRE(much.out.size() == 2 * one);
    CHECK(much.out.substr(0, one) == much.out.substr(one));
}

TEST_CASE("a job function is told its number, slot and attempt", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-k",
         "-j1",
         "--retries",
         "3",
         job_module("context"),
         "what={}",
         ":::",
         "first",
         "second",
         "third"});
    CHECK(outcome.status.code == 0);
    const std::string told = "inits 1, worker inits 1, sequence ";
    CHECK(
        lines_of(outcome.out) == Words{
                                     "first: " + told + "1, attempt 1, stop 0; 1 1 1",
                                     "second: " + told + "2, attempt 1, stop 0; 2 1 1",
                                     "third: " + told + "3, attempt 3, stop 0; 3 1 3"});
}

TEST_CASE("a module is prepared once, and once in each worker", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-s",
         "-j1",
         "--worker-tasks",
         "1",
         "--joblog",
         "log.jsonl",
         job_module("context"),
         "what={}",
         ":::",
         "first",
         "second"});
    CHECK(outcome.status.code == 0);
    const Words inits = lines_of(launcher.read("inits"));
    const Words workers = lines_of(launcher.read("worker-inits"));
    REQUIRE(inits.size() == 1);
    REQUIRE(workers.size() == 2);
    const std::set<std::string> processes{inits[0], workers[0], workers[1]};
    CHECK(processes.size() == 3);
    for (const int seq : {1, 2}) {
        const std::string worker = "\"pid\":" + workers.at(static_cast<std::size_t>(seq) - 1);
        CHECK_THAT(record_of(launcher.read("log.jsonl"), seq), contains(worker + ","));
    }
}

TEST_CASE("a worker that cannot be prepared fails its jobs with the reason", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j1", job_module("context"), "what={}", ":::", "first", "second"},
        {.environment = {{"FAIL_WORKER_INIT", "1"}}});
    CHECK(outcome.status.code == 2);
    CHECK(outcome.out == "");
    CHECK_THAT(outcome.err, contains("job 1 failed (no model in this worker)"));
    CHECK_THAT(outcome.err, contains("job 2 failed (no model in this worker)"));
}

TEST_CASE("what a job function says is done of it is in the progress", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j1", "--progress", "json", job_module("context"), "what={}", ":::", "half", "last"});
    // Half of one of two.
    CHECK(wait_until(
        [&] { return launcher.err().find(R"("share":0.25,)") != std::string::npos; },
        std::chrono::seconds(10)));
    launcher.write("seen", "");
    process.close_stdin();
    CHECK(process.wait().code == 0);
}

TEST_CASE("a worker that has grown too large is replaced", "[launcher]") {
    Launcher launcher;
    const auto processes = [&](Words words) {
        words.insert(words.begin(), {"-s", "-j1", "--joblog", "log.jsonl"});
        words.insert(words.end(), {job_module("sample"), "action={}", ":::", "leak", "ok", "ok"});
        CHECK(launcher.run(words).status.code == 0);
        std::set<std::string> pids;
        for (const int seq : {1, 2, 3}) {
            const std::string record = record_of(launcher.read("log.jsonl"), seq);
            const std::size_t pid = record.find("\"pid\":");
            REQUIRE(pid != std::string::npos);
            pids.insert(record.substr(pid, record.find(',', pid) - pid));
        }
        return pids.size();
    };
    CHECK(processes({}) == 1);
    if (kPatience == 1) {  // sanitizers have memory of their own
        CHECK(processes({"--worker-rss", "48M"}) == 2);
    }
}

TEST_CASE("what a job function prints when it is told to stop is shown", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"--term-seq",
         "TERM,3600000,KILL,25",
         job_module("sample"),
         "action={}",
         ":::",
         "tell-of-stop"});
    REQUIRE(launcher.wait_for("waits"));
    process.send_signal(SIGTERM);
    CHECK(process.read_all() == "tell-of-stop begins\nbefore\nto stdout after\n");
    CHECK(process.wait().signal == SIGTERM);
    CHECK_THAT(launcher.err(), contains("to stderr after"));
}

TEST_CASE("what a job function prints before it is killed is shown", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--timeout",
         "0.5",
         "--term-seq",
         "TERM,1500,KILL,25",
         job_module("sample"),
         "action={}",
         ":::",
         "deaf"});
    CHECK(outcome.out == "deaf begins\nbefore\nto stdout after\n");
    CHECK_THAT(outcome.err, contains("to stderr after"));
    CHECK_THAT(outcome.err, contains("job 1 timed out (SIGKILL)"));
    CHECK(outcome.status.code == 1);
}

TEST_CASE("a ladder of SIGKILL alone leaves a job function no time", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"--term-seq", "KILL,3600000", job_module("sample"), "action={}", ":::", "hang"});
    REQUIRE(launcher.wait_for("child-runs"));
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(nothing_left_of(process));
}

TEST_CASE("what a job function left running is gone when the run ends", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({job_module("sample"), "action={}", ":::", "leave-child"});
    CHECK(process.wait().code == 0);
    CHECK(nothing_left_of(process));
}

TEST_CASE("wrong arguments of a job are told before any job runs", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({job_module("sample"), "akcion={}", ":::", "polite"});
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "");
    CHECK_THAT(outcome.err, contains("'akcion' is not a parameter"));
    CHECK_THAT(outcome.err, contains("action"));
}

TEST_CASE("a module describes its parameters", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"--describe", job_module("sample")});
    CHECK(outcome.status.code == 0);
    CHECK_THAT(outcome.out, starts_with("act: Does what a test wants.\n"));
    CHECK_THAT(outcome.out, contains("what to do"));
    CHECK(launcher.run({"--describe", "echo"}).status.code == 255);
}

TEST_CASE("a shared object that is no job module is refused", "[launcher][AR-79]") {
    Launcher launcher;
    launcher.write("plain.so", "no module\n");
    // A real one, but without our note, whose constructor would leave a trace.
    std::filesystem::copy_file(
        AIOMISC_TEST_JOB_MODULES "/no_module.so", launcher.work() / "library.so");
    for (const std::string name : {"./plain.so", "./library.so"}) {
        const Outcome outcome = launcher.run({name, ":::", "1"});
        INFO(outcome.err);
        CHECK(outcome.status.code == 255);
        CHECK(outcome.out == "");
        CHECK_THAT(outcome.err, contains(name.substr(2)));
    }
    CHECK(launcher.files() == Words{"library.so", "plain.so"});
}

TEST_CASE("a module that was cut off is refused", "[launcher]") {
    Launcher launcher;
    const std::string name = "short.so";
    for (const int bytes : {0, 64, 1000, 5000, 20'000}) {
        std::filesystem::copy_file(job_module("lines"), launcher.work() / name);
        REQUIRE(std::filesystem::file_size(launcher.work() / name) > 20'000);
        std::filesystem::resize_file(launcher.work() / name, bytes);
        for (const Words& words :
             {Words{"--describe", "./" + name}, Words{"./" + name, "file={}", ":::", "1"}}) {
            const Outcome outcome = launcher.run(words);
            INFO(bytes << " bytes: " << outcome.err);
            CHECK(outcome.status.code == 255);
            CHECK_THAT(
                outcome.err, contains(bytes < 1000 ? name : name + " (from job module): cut off"));
        }
        std::filesystem::remove(launcher.work() / name);
    }
}

TEST_CASE("items go to the parameters that were not given", "[launcher]") {
    Launcher launcher;
    launcher.write("abc", std::string(100, 'x') + "\n");
    const std::string lines = job_module("lines");
    for (const Words& words :
         {Words{lines, ":::", "abc", ":::", "99"},
          Words{"-N2", lines, ":::", "abc", "99"},
          Words{"-C", ",", lines, ":::", "abc,99"},
          Words{lines, "longest=99", ":::", "abc"},
          Words{"--dry-run", lines, ":::", "abc", ":::", "99"}}) {
        const Outcome outcome = launcher.run(words);
        INFO(outcome.err);
        if (words.front() == "--dry-run") {
            CHECK_THAT(outcome.out, ends_with("lines.so file=abc longest=99\n"));
        } else {
            CHECK_THAT(outcome.err, contains("job 1 exited with 2: "));
            CHECK_THAT(outcome.err, contains("file=abc") && contains("longest=99"));
        }
    }
    const Outcome refused = launcher.run({lines, ":::", "abc", ":::", "100", ":::", "x"});
    CHECK(refused.status.code == 255);
    CHECK_THAT(
        refused.err, contains("a job has 3 items, and 2 parameters are left (file, longest)"));
    // How wide a row is shows when it is read.
    const Outcome wide = launcher.run({"-C", ",", lines, ":::", "abc,100", "abc,100,x"});
    CHECK(wide.status.code == 1);
    CHECK(wide.out == "abc: 1 lines\n");
    CHECK_THAT(wide.err, contains("job 2 ") && contains("a job has 3 items"));
}

TEST_CASE("a job script runs its stages in the launcher's pool", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"-j2", job_module("script"), "1", "2", "3", "4"});
    CHECK(outcome.out == "1\n4\nsignal 6\n16\n");
    CHECK(outcome.status.code == 1);
    CHECK(outcome.err == "");
}

TEST_CASE("the jobs of the README do what it says", "[launcher]") {
    Launcher launcher;
    launcher.write("one.txt", "a\nb\n");
    launcher.write("long.txt", std::string(200, 'x') + "\n");
    const Outcome lines = launcher.run(
        {"-k", job_module("lines"), "file={}", ":::", "one.txt", "long.txt", "absent.txt"});
    CHECK(lines.out == "one.txt: 2 lines\n");
    CHECK(lines.status.code == 2);
    CHECK_THAT(lines.err, contains("job 2 exited with 2"));
    CHECK_THAT(lines.err, contains("job 3 failed (cannot read absent.txt)"));
    const Outcome total = launcher.run({job_module("total"), "one.txt", "long.txt"});
    CHECK(total.out == "3 lines in 2 files\n");
    CHECK(total.status.code == 0);
}

TEST_CASE("a job script takes no items", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({job_module("script"), "1", ":::", "2"});
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "");
    CHECK_THAT(outcome.err, contains(":::"));
}

TEST_CASE("options that a job script would ignore are refused", "[launcher]") {
    Launcher launcher;
    for (const Words& options :
         {Words{"--timeout", "1"},
          Words{"--retries", "2"},
          Words{"-k"},
          Words{"--joblog", "log"},
          Words{"--halt=now,fail=1"}}) {
        Words words = options;
        words.insert(words.end(), {job_module("script"), "1"});
        const Outcome outcome = launcher.run(words);
        INFO(outcome.err);
        CHECK(outcome.status.code == 255);
        CHECK(outcome.out == "");
        const std::string& given = options.front();
        CHECK_THAT(outcome.err, contains("aiomisc-run: " + given.substr(0, given.find('='))));
        CHECK_THAT(outcome.err, contains("job script"));
    }
    CHECK(launcher.files().empty());
    // Defaults for every run are no wish for this one.
    const LaunchOptions defaults{.environment = {{"AIOMISC_RUN_OPTS", "-k --timeout 1h"}}};
    CHECK(launcher.run({job_module("script"), "2"}, defaults).out == "4\n");
}

TEST_CASE("a job script whose reader goes away ends as SIGPIPE ends it", "[launcher]") {
    Launcher launcher;
    // It prints more than a pipe holds, so it cannot be done before head(1) has gone.
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "cd \"$2\"; (\"$0\" -j2 \"$1\" 5 chatter 2>err; echo $? >status) | head -n 1",
         AIOMISC_TEST_RUN,
         job_module("script"),
         launcher.work()});
    CHECK(process.read_line() == "25");
    CHECK(process.wait().code == 0);
    CHECK(nothing_left_of(process));
    CHECK(launcher.read("status") == "141\n");
    CHECK(launcher.read("err") == "");
}

TEST_CASE("a job script whose output is lost does not succeed", "[launcher]") {
    for (const char* word : {"2", "chatter", "stream"}) {
        INFO(word);
        Process process = Process::start(
            {"/bin/sh",
             "-c",
             "\"$0\" \"$1\" $2 2>&1 >/dev/full; echo $?",
             AIOMISC_TEST_RUN,
             job_module("script"),
             word});
        const std::string said = process.read_all();
        process.wait();
        CHECK_THAT(said, contains("stdout: No space left on device"));
        CHECK(lines_of(said).back() == "255");
    }
}

TEST_CASE("the workers of a job script are replaced as was said", "[launcher]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"-j1", "--worker-tasks", "1", job_module("script"), "pid", "pid"});
    const Words pids = lines_of(outcome.out);
    REQUIRE(pids.size() == 2);
    CHECK(pids[0] != pids[1]);
}

TEST_CASE("SIGINT cancels a job script, and nothing of it is left", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start({"-j2", job_module("script"), "5", "wait"});
    REQUIRE(launcher.wait_for("waits"));
    process.send_signal(SIGINT);
    CHECK(process.wait().signal == SIGINT);
    CHECK(process.read_all() == "25\n");
    CHECK(nothing_left_of(process));
}
