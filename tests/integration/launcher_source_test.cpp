// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <csignal>
#include <filesystem>
#include <string>

using namespace aiomisc::test;
namespace fs = std::filesystem;

namespace {

/// A program of the test's own as the compiler: each call leaves a line in the file `calls`.
std::string compiler(const Launcher& launcher, const std::string& rest) {
    const fs::path program = launcher.write(
        "cxx", "#!/bin/sh\necho called >>\"" + launcher.work().string() + "/calls\"\n" + rest);
    fs::permissions(program, fs::perms::owner_all);
    return program.string();
}

std::string counting_compiler(const Launcher& launcher) {
    return compiler(launcher, "exec " AIOMISC_TEST_CXX " \"$@\"\n");
}

std::size_t calls(const Launcher& launcher) {
    return fs::exists(launcher.work() / "calls") ? lines_of(launcher.read("calls")).size() : 0;
}

/// Whether the cache has a place where something is being compiled.
bool half_made(const Launcher& launcher) {
    for (const auto& entry : fs::recursive_directory_iterator(launcher.cache())) {
        if (entry.path().extension() == ".building") {
            return true;
        }
    }
    return false;
}

/// A job that prints `text`, as short as a job can be.
std::string job_printing(const std::string& text) {
    return "#include <aiomisc/job.h>\n#include <cstdio>\n"
           "int job(int times) { while (times-- > 0) std::puts(\"" +
           text + "\"); return 0; }\nAIOMISC_JOB(job, param(\"times\", \"how often\"))\n";
}

}  // namespace

TEST_CASE("a source is compiled once, and again when it has changed", "[launcher]") {
    Launcher launcher;
    const LaunchOptions options{.environment = {{"CXX", counting_compiler(launcher)}}};
    launcher.write("job.cpp", job_printing("first"));
    const Words words{"job.cpp", "times={}", ":::", "1"};

    const Outcome first = launcher.run(words, options);
    CHECK(first.out == "first\n");
    CHECK_THAT(first.err, contains("compiling"));
    CHECK(calls(launcher) == 1);

    const Outcome second = launcher.run(words, options);
    CHECK(second.out == "first\n");
    CHECK(second.err == "");
    CHECK(calls(launcher) == 1);

    launcher.write("job.cpp", job_printing("second"));
    CHECK(launcher.run(words, options).out == "second\n");
    CHECK(calls(launcher) == 2);

    launcher.run({"--describe", "job.cpp"}, options);
    CHECK(calls(launcher) == 2);
}

TEST_CASE("flags for the compiler make another module", "[launcher]") {
    Launcher launcher;
    const LaunchOptions options{.environment = {{"CXX", counting_compiler(launcher)}}};
    launcher.write("text.h", "#define TEXT WORD\n");
    std::string source = job_printing("x");
    source.replace(source.find("\"x\""), 3, "TEXT");
    launcher.write("job.cpp", "#include \"text.h\"\n" + source);
    const auto output_with = [&](const std::string& flags) {
        return launcher.run({"--cxxflags", flags, "job.cpp", "times={}", ":::", "1"}, options).out;
    };
    CHECK(output_with("-DWORD='\"a b\"'") == "a b\n");
    CHECK(output_with("-DWORD='\"c\"'") == "c\n");
    CHECK(output_with("-DWORD='\"a b\"'") == "a b\n");
    CHECK(calls(launcher) == 2);
    launcher.write("text.h", "#define TEXT WORD \"!\"\n");  // a header it includes
    CHECK(output_with("-DWORD='\"c\"'") == "c!\n");
    CHECK(calls(launcher) == 3);
}

TEST_CASE("a source of jobs that fail in every way is compiled once", "[launcher][AR-79]") {
    Launcher launcher;
    const LaunchOptions options{.environment = {{"CXX", counting_compiler(launcher)}}};
    std::filesystem::copy_file(job_source("sample"), launcher.work() / "sample.cpp");
    const Words words{"-k", "sample.cpp", "action={}", ":::", "ok", "segv", "ok"};
    for (int run = 1; run <= 2; ++run) {
        const Outcome outcome = launcher.run(words, options);
        CHECK(outcome.status.code == 1);
        CHECK(lines_of(outcome.out) == Words{"ok begins", "segv begins", "ok begins"});
        CHECK(calls(launcher) == 1);
    }
}

TEST_CASE("a source that does not compile runs no job", "[launcher][AR-79]") {
    Launcher launcher;
    const LaunchOptions options{.environment = {{"CXX", counting_compiler(launcher)}}};
    launcher.write("bad.cpp", "int broken( {\n");
    const Outcome outcome = launcher.run({"bad.cpp", ":::", "1", "2", "3"}, options);
    CHECK(outcome.status.code == 255);
    CHECK(outcome.out == "");
    const std::size_t error = outcome.err.find("bad.cpp:1:");
    CHECK(error != std::string::npos);
    CHECK_THAT(outcome.err, contains("compiling"));
    CHECK(calls(launcher) == 1);
    CHECK(!half_made(launcher));
}

TEST_CASE("a source that is not there is named", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"nosuch.cpp", ":::", "1"});
    CHECK(outcome.status.code == 1);
    CHECK_THAT(outcome.err, starts_with("aiomisc-run: there is no file nosuch.cpp; taking it"));
    launcher.write("there.cpp", "text\n");
    CHECK(launcher.run({"cat there.cpp", ":::", "there.cpp"}).err == "");
}

TEST_CASE("a compiler that is not there is named", "[launcher]") {
    Launcher launcher;
    launcher.write("job.cpp", job_printing("x"));
    const Outcome outcome = launcher.run(
        {"job.cpp", "times={}", ":::", "1"}, {.environment = {{"CXX", "no-such-compiler"}}});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("no-such-compiler"));
}

TEST_CASE("stopped while it compiles, the launcher leaves no compiler", "[launcher]") {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        INFO("signal " << signal);
        Launcher launcher;
        const std::string slow =
            compiler(launcher, "sleep 300 & setsid sleep 300 & : >compiles; wait\n");
        launcher.write("job.cpp", job_printing("x"));
        Process process =
            launcher.start({"job.cpp", "times={}", ":::", "1"}, {.environment = {{"CXX", slow}}});
        REQUIRE(launcher.wait_for("compiles"));
        process.send_signal(signal);
        CHECK(process.wait().signal == signal);
        CHECK(nothing_left_of(process));
        CHECK(!half_made(launcher));
    }
}

TEST_CASE("killed while it compiles, the launcher leaves a cache that works", "[launcher]") {
    Launcher launcher;
    // Half a module is there when it is killed.
    const std::string slow = compiler(
        launcher,
        "test -e compiles && exec " AIOMISC_TEST_CXX
        " \"$@\"\n"
        "while test \"$1\" != -o; do shift; done; echo half >\"$2\"; sleep 300 & : >compiles; "
        "wait\n");
    const LaunchOptions options{.environment = {{"CXX", slow}}};
    launcher.write("job.cpp", job_printing("whole"));
    const Words words{"job.cpp", "times={}", ":::", "1"};
    Process process = launcher.start(words, options);
    REQUIRE(launcher.wait_for("compiles"));
    process.send_signal(SIGKILL);
    CHECK(process.wait().signal == SIGKILL);
    CHECK(nothing_left_of(process));
    CHECK(launcher.run(words, options).out == "whole\n");
    CHECK(!half_made(launcher));
}

TEST_CASE(
    "options in the comments of a source come before those of the command line", "[launcher]") {
    Launcher launcher;
    launcher.write("job.cpp", "// aiomisc: --tag\n" + job_printing("x"));
    CHECK(launcher.run({"job.cpp", "times={}", ":::", "1"}).out == "1\tx\n");
    CHECK(launcher.run({"--no-directives", "job.cpp", "times={}", ":::", "1"}).out == "x\n");
}

TEST_CASE("options in the comments of a script count whoever runs it", "[launcher]") {
    Launcher launcher;
    const auto script = launcher.write("nx", "#!/bin/sh\n# aiomisc: --dry-run\necho RAN \"$1\"\n");
    const Outcome by_interpreter = launcher.run({"./nx", ":::", "1"});
    CHECK(by_interpreter.out == "/bin/sh ./nx 1\n");
    CHECK_THAT(by_interpreter.err, contains("./nx is not executable"));
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    CHECK(launcher.run({"./nx", ":::", "1"}).out == "./nx 1\n");
    CHECK(launcher.run({"--no-directives", "./nx", ":::", "1"}).out == "RAN 1\n");
}

TEST_CASE("a source that offers no job is named", "[launcher]") {
    Launcher launcher;
    launcher.write("empty.cpp", "int nothing;\n");
    const Words words{"--describe", "empty.cpp"};
    const Outcome outcome = launcher.run(words);
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("/empty.cpp: ") && contains("neither AIOMISC_JOB nor"));
    CHECK_THAT(launcher.run({"empty.cpp", ":::", "1"}).err, contains("/empty.cpp: "));
}

TEST_CASE("the sources of a job and of a job script run as they are", "[launcher]") {
    Launcher launcher;
    const Outcome job = launcher.run({job_source("sample"), "action={}", ":::", "both-streams"});
    CHECK(job.status.code == 0);
    CHECK_THAT(job.out, contains("to stdout"));
    const Outcome script = launcher.run({job_source("script"), "2", "3"});
    CHECK(script.out == "4\nsignal 6\n");
    CHECK(script.status.code == 1);
}
