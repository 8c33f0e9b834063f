// SPDX-License-Identifier: MIT
#include "integration/process_harness.h"
#include "support/catch.h"
#include "support/process_table.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

// A supervisor that runs commands one by one.
struct Runner {
    explicit Runner(PoolSetup setup = {}) : pool(zygote, std::move(setup)) { pool.expect<Ready>(); }

    // Starts it with its stdout in a pipe.
    pid_t start(SpawnCommand command) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        output.reset(ends[0]);
        std::vector<UniqueFd> fds;
        fds.emplace_back(ends[1]);
        command.child = {.id = 1, .generation = ++generation};
        command.has_stdout = true;
        pool.link.send(command, std::move(fds));
        return pool.expect<Spawned>().pid;
    }

    // All that it prints.
    std::string text() const {
        std::string text;
        char buffer[4096];
        ssize_t size = 0;
        while ((size = ::read(output.get(), buffer, sizeof buffer)) > 0) {
            text.append(buffer, static_cast<std::size_t>(size));
        }
        return text;
    }

    Exited run(SpawnCommand command) {
        start(std::move(command));
        printed = text();
        return pool.expect<Exited>();
    }

    Exited shell(const std::string& script) { return run({.arguments = {"sh", "-c", script}}); }

    Zygote zygote{scripted_hooks()};
    ScriptedPool pool;
    UniqueFd output;
    std::string printed;
    std::uint32_t generation = 0;
};

}  // namespace

TEST_CASE("a command runs, and its output and status come back") {
    Runner runner;
    const auto exited = runner.run({.arguments = {"echo", "one two", "", "three"}});
    CHECK(exited.wait_status == 0);
    CHECK(exited.launch_step == LaunchStep::kNone);
    CHECK(runner.printed == "one two  three\n");
    CHECK(exited.max_rss_bytes > 100 * 1024);
    CHECK(WEXITSTATUS(runner.shell("exit 7").wait_status) == 7);
    const auto killed = runner.shell("kill -USR1 $$");
    REQUIRE(WIFSIGNALED(killed.wait_status));
    CHECK(WTERMSIG(killed.wait_status) == SIGUSR1);
}

TEST_CASE("a command that cannot be started is told apart from one that fails") {
    Runner runner;
    TempDir directory;
    SECTION("no such program") {
        const auto exited = runner.run({.arguments = {"no-such-program-anywhere"}});
        CHECK(WEXITSTATUS(exited.wait_status) == 127);
        CHECK(exited.launch_step == LaunchStep::kExecute);
        CHECK(exited.launch_error == ENOENT);
    }
    SECTION("not executable") {
        const auto file = directory.write("data", "text");
        const auto exited = runner.run({.arguments = {file.string()}});
        CHECK(WEXITSTATUS(exited.wait_status) == 126);
        CHECK(exited.launch_step == LaunchStep::kExecute);
        CHECK(exited.launch_error == EACCES);
    }
    SECTION("no such directory") {
        const auto exited = runner.run(
            {.arguments = {"true"}, .working_directory = (directory / "missing").string()});
        CHECK(WEXITSTATUS(exited.wait_status) == 126);
        CHECK(exited.launch_step == LaunchStep::kEnterDirectory);
        CHECK(exited.launch_error == ENOENT);
    }
    SECTION("a program that itself says 127") {
        const auto exited = runner.shell("exit 127");
        CHECK(exited.launch_step == LaunchStep::kNone);
    }
}

TEST_CASE("a command runs in the directory and the environment it is given") {
    Runner runner;
    TempDir directory;
    ::setenv("AIOMISC_TEST_INHERITED", "late", 1);  // after the zygote was forked: not seen
    SECTION("directory") {
        runner.run({.arguments = {"pwd"}, .working_directory = directory.path().string()});
        CHECK(runner.printed == directory.path().string() + "\n");
    }
    SECTION("added to what is inherited") {
        runner.run(
            {.arguments = {"sh", "-c", "echo $EXTRA:${PATH:+set}:$AIOMISC_TEST_INHERITED"},
             .environment = {"EXTRA=yes"}});
        CHECK(runner.printed == "yes:set:\n");
    }
    SECTION("instead of what is inherited") {
        runner.run(
            {.arguments = {"/usr/bin/env"},
             .inherit_environment = false,
             .environment = {"ONLY=this"}});
        CHECK(runner.printed == "ONLY=this\n");
    }
    SECTION("of two with one name the later one, and none for a name alone") {
        runner.run(
            {.arguments = {"sh", "-c", "echo $EXTRA:${HOME-none}"},
             .environment = {"EXTRA=first", "HOME", "EXTRA=second"}});
        CHECK(runner.printed == "second:none\n");
        runner.run({.arguments = {"sh", "-c", "echo ${EXTRA-none}:${HOME+back}"}});
        CHECK(runner.printed == "none:back\n");  // nothing of it stays in the supervisor
    }
    SECTION("the program is looked up in the PATH of the command") {
        directory.write("tool", "#!/bin/sh\necho found\n");
        REQUIRE(::chmod((directory / "tool").c_str(), 0700) == 0);
        runner.run({.arguments = {"tool"}, .environment = {"PATH=" + directory.path().string()}});
        CHECK(runner.printed == "found\n");
    }
    ::unsetenv("AIOMISC_TEST_INHERITED");
}

TEST_CASE("a command has default signals, its own group and no descriptors of ours") {
    Runner runner;
    SECTION("signals") {
        runner.shell("sed -n '/^Sig[BIC]/s/.*\\t//p' /proc/self/status | sort -u");
        CHECK(runner.printed == "0000000000000000\n");
    }
    SECTION("descriptors") {
        runner.run({.arguments = {"ls", "/proc/self/fd"}});
        CHECK(runner.printed == "0\n1\n2\n3\n");  // 3 is what ls itself reads
    }
    SECTION("a group") {
        const pid_t pid = runner.start({.arguments = {"sleep", "1000"}});
        CHECK(::getpgid(pid) == pid);
        CHECK(::getsid(pid) == runner.pool.link.pid());
    }
    SECTION("a session") {
        const pid_t pid =
            runner.start({.arguments = {"sleep", "1000"}, .grouping = Grouping::kSession});
        CHECK(test::wait_until([&] { return ::getsid(pid) == pid; }, 10s));
    }
    SECTION("neither") {
        const pid_t pid =
            runner.start({.arguments = {"sleep", "1000"}, .grouping = Grouping::kShared});
        CHECK(::getpgid(pid) == runner.pool.link.pid());
    }
}

TEST_CASE("a command has the limits of the pool and its own niceness", "[S11]") {
    Runner runner({.limits = {.open_files = 55, .core = 0}});
    const int here = ::getpriority(PRIO_PROCESS, 0);
    runner.run({.arguments = {"sh", "-c", "ulimit -n; ulimit -c; nice"}, .nice = 4});
    CHECK(runner.printed == "55\n0\n" + std::to_string(here + 4) + "\n");
}

TEST_CASE("a command over its limit of processor time is stopped by SIGXCPU", "[F15]") {
    Runner runner({.limits = {.cpu_seconds = 1, .core = 0}});
    const auto exited = runner.shell("while :; do :; done");
    REQUIRE(WIFSIGNALED(exited.wait_status));
    CHECK(WTERMSIG(exited.wait_status) == SIGXCPU);
    CHECK(exited.user_time + exited.system_time >= 500ms);
}

TEST_CASE("a command reads from the stdin it is given, and else nothing") {
    Runner runner;
    CHECK(runner.run({.arguments = {"cat"}}).wait_status == 0);
    CHECK(runner.printed.empty());
    TempDir directory;
    directory.write("input", "hello\n");
    std::vector<UniqueFd> fds;
    fds.emplace_back(::open((directory / "input").c_str(), O_RDONLY | O_CLOEXEC));
    fds.emplace_back(::open((directory / "output").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    runner.pool.link.send(
        SpawnCommand{
            .child = {.id = 2, .generation = 1},
            .arguments = {"cat"},
            .has_stdin = true,
            .has_stdout = true},
        std::move(fds));
    runner.pool.expect<Spawned>();
    CHECK(runner.pool.expect<Exited>().wait_status == 0);
    CHECK(directory.read("output") == "hello\n");
}

TEST_CASE("killing a command can mean its process, its group or its tree") {
    Runner runner;
    // The shell, a child of it, and one that left the group; the last cannot be reached but as a
    // descendant.
    runner.start(
        {.arguments = {
             "sh", "-c", "trap '' TERM; sleep 1000 & setsid sleep 1000 & echo up; wait"}});
    char up[3];
    REQUIRE(::read(runner.output.get(), up, sizeof up) == 3);
    SECTION("the process") {
        runner.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL});
    }
    SECTION("the group") {
        runner.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL, .scope = KillScope::kGroup});
    }
    SECTION("the tree") {
        runner.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL, .scope = KillScope::kTree});
    }
    CHECK(WTERMSIG(runner.pool.expect<Exited>().wait_status) == SIGKILL);
    // In all cases nothing of it is left: the pipe has no writer any more.
    CHECK(runner.text().empty());
}

TEST_CASE("a signal to the tree of a command reaches those that left its group", "[F48]") {
    Runner runner;
    runner.start(
        {.arguments = {
             "sh",
             "-c",
             "trap 'wait; echo outer; exit 3' TERM; setsid sh -c '"
             "trap \"echo inner; exit\" TERM; echo up; while :; do sleep 0.01; done' & "
             "wait; wait"}});
    char up[3];
    REQUIRE(::read(runner.output.get(), up, sizeof up) == 3);
    runner.pool.link.send(Kill{.child = {1, 1}, .signal = SIGTERM, .scope = KillScope::kTree});
    CHECK(runner.text() == "inner\nouter\n");
    CHECK(WEXITSTATUS(runner.pool.expect<Exited>().wait_status) == 3);
}

TEST_CASE("what a command leaves behind ends with it, however it detached", "[P8]") {
    Runner runner;
    // The pipe ends only when the daemon, which holds it, is gone.
    const auto exited = runner.run(
        {.arguments = {"sh", "-c", "setsid sh -c 'sleep 1000 & sleep 1000' & echo started"}});
    CHECK(exited.wait_status == 0);
    CHECK(runner.printed == "started\n");
}

TEST_CASE("what one command leaves running does not end with another", "[P8]") {
    Runner runner;
    std::vector<UniqueFd> fds;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reader(ends[0]);
    fds.emplace_back(ends[1]);
    // Its grandchild has no parent within the command any more, and answers when asked by signal.
    runner.pool.link.send(
        SpawnCommand{
            .child = {.id = 2, .generation = 1},
            .arguments =
                {"sh", "-c", "(sh -c 'echo $$; sleep 1000' &); while :; do sleep 1000; done"},
            .has_stdout = true},
        std::move(fds));
    runner.pool.expect<Spawned>();
    char text[16] = {};
    REQUIRE(::read(reader.get(), text, sizeof text - 1) > 0);
    const pid_t orphan = std::atoi(text);
    CHECK(runner.shell("exit 0").wait_status == 0);
    CHECK(runner.shell("exit 0").wait_status == 0);
    CHECK(is_running(orphan));
    runner.pool.link.send(Kill{.child = {2, 1}, .signal = SIGKILL});
    runner.pool.expect<Exited>();
    CHECK(test::wait_until([&] { return !is_running(orphan); }, 1s));
}

TEST_CASE("commands that are still running end with the supervisor", "[P12]") {
    Runner runner;
    runner.start(
        {.arguments = {
             "sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"}});
    char up[3];
    REQUIRE(::read(runner.output.get(), up, sizeof up) == 3);
    CHECK(runner.pool.shut_down(0ms) == 0);
    CHECK(runner.text() == "bye\n");
}

TEST_CASE("a command without a program is an error of the parent", "[P14]") {
    Runner runner;
    runner.pool.link.send(SpawnCommand{.child = {1, 1}});
    CHECK_THAT(runner.pool.expect<Warning>().text, contains("without a program"));
    runner.pool.expect<SupervisorExited>();
}
