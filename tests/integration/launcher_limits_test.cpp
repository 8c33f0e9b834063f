// SPDX-License-Identifier: MIT
// What jobs may use, and what they find around them: commands and job functions alike.
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <aiomisc/runtime/base/compiler.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include <sys/resource.h>

using namespace aiomisc::test;

namespace fs = std::filesystem;

TEST_CASE("jobs run at the niceness that was asked for", "[launcher]") {
    Launcher launcher;
    const int own = ::getpriority(PRIO_PROCESS, 0);
    REQUIRE(own <= 14);
    const std::string expected = fmt::format("{}\n", own + 5);
    CHECK(launcher.run({"--nice", "5", "nice; : {}", ":::", "1"}).out == expected);
    CHECK(
        launcher.run({"--nice=5", job_module("place"), "what={}", ":::", "niceness"}).out ==
        expected);
}

TEST_CASE("jobs run in a folder of their own", "[launcher]") {
    Launcher launcher;
    for (const char* name : {"a", "b"}) {
        fs::create_directory(launcher.work() / name);
    }
    const Outcome commands =
        launcher.run({"-k", "--wd", "{}", "pwd; : >made-in-{}", ":::", "a", "b"});
    CHECK(commands.status.code == 0);
    CHECK(commands.out == fmt::format("{0}/a\n{0}/b\n", launcher.work().string()));
    CHECK(fs::exists(launcher.work() / "b" / "made-in-b"));
    // One worker after the other folder, and back again.
    const Outcome functions = launcher.run(
        {"-j1",
         "--workdir=./{1}",
         job_module("place"),
         "what={2}",
         ":::",
         "a",
         "b",
         ":::",
         "folder"});
    CHECK(functions.out == "a\nb\n");
}

TEST_CASE("a job whose folder is not there is not started", "[launcher]") {
    Launcher launcher;
    fs::create_directory(launcher.work() / "here");
    for (const Words& job : {Words{"echo {2}"}, Words{job_module("place"), "what={2}"}}) {
        INFO(job.front());
        const Outcome outcome = launcher.run(
            Words{"-j1", "--joblog", "log", "--wd", "{1}"} + job +
            Words{":::", "here", "gone", "here", ":::", "folder"});
        CHECK(outcome.status.code == 1);
        CHECK(lines_of(outcome.out).size() == 2);
        const auto rows = rows_of(launcher.read("log"));
        CHECK(rows.at(1).at(6) == "126");
        CHECK(rows.at(2).at(6) == "0");
        CHECK_THAT(outcome.err, contains("cannot enter its folder"));
        CHECK_THAT(outcome.err, contains("gone"));
        CHECK_THAT(outcome.err, contains("No such file or directory"));
    }
    const Outcome empty = launcher.run({"--wd", "{}", "echo", ":::", ""});
    CHECK(empty.status.code == 1);
    CHECK_THAT(empty.err, contains("--wd"));
}

TEST_CASE("a clean environment holds what was named and no more", "[launcher]") {
    Launcher launcher;
    const LaunchOptions surrounded{
        .environment = {{"KEPT", "yes"}, {"SECRET", "no"}, {"LANG", "C.UTF-8"}}};
    const Outcome commands =
        launcher.run({"--env-clean=KEPT", "env | cut -d= -f1; : {}", ":::", "1"}, surrounded);
    const Words names = lines_of(commands.out);
    const auto has = [&names](const char* name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const char* name :
         {"PATH", "HOME", "LANG", "TMPDIR", "KEPT", "AIOMISC_SEQ", "PARALLEL_SEQ"}) {
        INFO(name);
        CHECK(has(name));
    }
    for (const char* name : {"SECRET", "TERM", "XDG_CACHE_HOME", "AIOMISC_RUN_OPTS"}) {
        INFO(name);
        CHECK_FALSE(has(name));
    }
    const Outcome functions = launcher.run(
        {"-j1",
         "--env-clean=KEPT",
         job_module("place"),
         "what={}",
         ":::",
         "KEPT",
         "SECRET",
         "AIOMISC_SEQ"},
        surrounded);
    CHECK(functions.out == "yes\nunset\n3\n");
    // Without the option everything is there.
    CHECK(launcher.run({"echo $SECRET; : {}", ":::", "1"}, surrounded).out == "no\n");
}

TEST_CASE("only causes that were named are worth another attempt", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--retries",
         "3",
         "--retry-on",
         "signal",
         "echo x >>runs-{}; case {} in exit) exit 3;; signal) kill -KILL $$;; esac",
         ":::",
         "exit",
         "signal"});
    CHECK(outcome.status.code == 2);
    CHECK(launcher.read("runs-exit") == "x\n");
    CHECK(launcher.read("runs-signal") == "x\nx\nx\n");
}

TEST_CASE("containment that is not offered starts nothing", "[launcher]") {
    Launcher launcher;
    for (const char* how : {"cgroup", "pidns", "strong"}) {
        INFO(how);
        const Outcome outcome = launcher.run({"--contain", how, "touch", ":::", "ran"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("--contain"));
    }
    CHECK(launcher.files().empty());
    CHECK(launcher.run({"--contain=auto", "touch", ":::", "ran"}).status.code == 0);
}

TEST_CASE("a job that holds too much memory is killed with all its processes", "[launcher]") {
    // tail(1) keeps a line without an end until it has all of it.
    for (const Words& job :
         {Words{"test {} = memory || exit 0; head -c 512M /dev/zero | tail | sleep 300"},
          // Its parent has gone, and it is in no group and no session of the job.
          Words{"test {} = memory || exit 0; "
                "(setsid sh -c 'head -c 512M /dev/zero | tail | sleep 300' &); sleep 300"},
          Words{job_module("place"), "what={}"}}) {
        INFO(job.front());
        Launcher launcher;
        Process process = launcher.start(
            Words{"-j1", "--mem-limit", "300M", "--joblog", "log.jsonl"} + job +
            Words{":::", "folder", "memory", "folder"});
        process.close_stdin();
        CHECK(process.wait().code == 1);
        CHECK(nothing_left_of(process));
        const auto records = lines_of(launcher.read("log.jsonl"));
        REQUIRE(records.size() == 5);  // begin, three jobs, end
        CHECK_THAT(records[1], contains("\"cause\":\"exit\""));
        CHECK_THAT(records[2], contains("\"cause\":\"memory\""));
        CHECK_THAT(records[2], contains("\"exit\":-1"));
        CHECK_THAT(records[3], contains("\"cause\":\"exit\""));
        CHECK_THAT(launcher.err(), contains("1 over the memory limit"));
    }
}

TEST_CASE("too much memory is a cause for another attempt", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"--mem-limit",
         "300M",
         "--retries",
         "2",
         "--retry-on",
         "memory",
         "test $AIOMISC_ATTEMPT = 2 || head -c 512M /dev/zero | tail | sleep 300; : {}",
         ":::",
         "1"});
    CHECK(outcome.status.code == 0);
}

TEST_CASE("the address space of jobs is limited", "[launcher]") {
    Launcher launcher;
    // So large that sanitizers live in it.
    CHECK(
        launcher.run({"--mem-limit", "as:64T", "ulimit -v; : {}", ":::", "1"}).out ==
        "68719476736\n");
#ifndef AIOMISC_THREAD_SANITIZER  // its programs need more
    CHECK(
        launcher.run({"--mem-limit=as:64T", job_module("place"), "what={}", ":::", "address-space"})
            .out == "70368744177664\n");
#endif
}

TEST_CASE("files of a job are made in its folder", "[launcher]") {
    Launcher launcher;
    launcher.write("in", "{2}\n");
    const std::string elsewhere = launcher.temporary() / "elsewhere.conf";
    for (const char* folder : {"a", "b"}) {
        fs::create_directory(launcher.work() / folder);
    }
    for (const std::string& file : {std::string("{2}.conf"), elsewhere}) {
        const Outcome outcome = launcher.run(
            Words{"-k", "-j1", "--wd", "{1}", "--cleanup", "--tmpl", "in=" + file + "{#}"} +
            Words{"cat " + file + "{#}", ":::", "a", "b", ":::+", "1", "2"});
        CHECK(outcome.out == "1\n2\n");
        CHECK(launcher.files() == Words{"a", "b", "in"});
        CHECK(fs::is_empty(launcher.work() / "a"));
    }
}

TEST_CASE("files are made for each job, and taken away", "[launcher]") {
    Launcher launcher;
    fs::permissions(launcher.write("in", "size={1} $(x) {2/.}\n"), fs::perms::owner_all);
    for (const Words& job :
         {Words{"cat {#}.conf; test -x {#}.conf"}, Words{job_module("place"), "what={#}.conf"}}) {
        INFO(job.front());
        const Words sources{":::", "9", "$(reboot)", ":::+", "a/b.c", "d"};
        const bool command = job.size() == 1;
        const Outcome kept = launcher.run(Words{"-k", "--tmpl", "in={#}.conf"} + job + sources);
        CHECK(kept.status.code == 0);
        if (command) {
            CHECK(kept.out == "size=9 $(x) b\nsize=$(reboot) $(x) d\n");
        }
        CHECK(launcher.files() == Words{"1.conf", "2.conf", "in"});
        CHECK(launcher.read("1.conf") == "size=9 $(x) b\n");
        std::filesystem::remove(launcher.work() / "1.conf");
        std::filesystem::remove(launcher.work() / "2.conf");
        const Outcome removed =
            launcher.run(Words{"-k", "--tmpl=in={#}.conf", "--cleanup"} + job + sources);
        CHECK(removed.out == kept.out);
        CHECK(launcher.files() == Words{"in"});
    }
}

TEST_CASE("files that were there before are not taken away", "[launcher]") {
    Launcher launcher;
    launcher.write("in", "{}\n");
    launcher.write("old", "mine\n");
    const std::string longest(250, 'n');
    const Outcome outcome = launcher.run(
        {"-k", "--tmpl", "in={}", "--cleanup", "cat ./{}", ":::", "old", "new", longest});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == "old\nnew\n" + longest + "\n");
    CHECK(launcher.files() == Words{"in", "old"});
}

TEST_CASE("the file of a job that is killed is taken away, too", "[launcher]") {
    Launcher launcher;
    launcher.write("in", "{}\n");
    const Outcome outcome = launcher.run(
        {"--tmpl", "in={#}.conf", "--cleanup", "--timeout", "0.5", "sleep {}", ":::", "300"});
    CHECK(outcome.status.code == 1);
    CHECK(launcher.files() == Words{"in"});
}

TEST_CASE("a job whose file cannot be written is not started", "[launcher]") {
    Launcher launcher;
    launcher.write("in", "{}\n");
    const Outcome outcome = launcher.run(
        {"-j1",
         "--joblog",
         "log",
         "--tmpl",
         "in={}.conf",
         "touch ran-{#}",
         ":::",
         "a",
         "no/where"});
    CHECK(outcome.status.code == 1);
    CHECK(launcher.files() == Words{"a.conf", "in", "log", "ran-1"});
    CHECK(rows_of(launcher.read("log")).at(1).at(6) == "126");
    CHECK_THAT(outcome.err, contains("no/where.conf"));
}

TEST_CASE("templates of files that make no sense start nothing", "[launcher]") {
    Launcher launcher;
    launcher.write("in", "{}\n");
    for (const Words& wrong :
         {Words{"--tmpl", "in"},
          Words{"--tmpl", "none={#}"},
          Words{"--tmpl", "in=same-for-all"},
          Words{"--cleanup"}}) {
        INFO(wrong.back());
        const Outcome outcome = launcher.run(wrong + Words{"touch", ":::", "ran"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("--tmpl"));
    }
    CHECK(launcher.files() == Words{"in"});
}
