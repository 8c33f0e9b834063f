// SPDX-License-Identifier: MIT
// aiomisc-plugins as its users have it: judged by what it prints.

#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/compiler.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace aiomisc::test;

namespace {

struct Outcome {
    int code;
    std::string out;
    std::string err;
};

Outcome run(
    const std::vector<std::string>& words, std::map<std::string, std::string> environment = {}) {
    const TempDir dir;
    const std::filesystem::path err = dir / "err";
    std::vector<std::string> argv{
        "sh",
        "-c",
        "err=$1; shift; exec \"$@\" 2>\"$err\"",
        "sh",
        err.string(),
        AIOMISC_TEST_PLUGINS_COMMAND};
    argv.insert(argv.end(), words.begin(), words.end());
    environment.emplace("AIOMISC_PLUGIN_PATH", "");
    environment.emplace("AIOMISC_LOG_FORMAT", "");
    environment.emplace("AIOMISC_LOG_LEVEL", "");
    Process process = Process::start(argv, {.environment = std::move(environment)});
    std::string out = process.read_all();
    const int code = process.wait().code;
    return {.code = code, .out = std::move(out), .err = dir.read("err")};
}

const std::string kNames = "dependency_injection\nsystemd_watchdog\n";
const std::string kLog =
    "Available 2 plugins.\n"
    "'dependency_injection' - Gives services what providers make.\n"
    "'systemd_watchdog' - Adds SystemD watchdog support to the entrypoint.\n";

}  // namespace

TEST_CASE("aiomisc-plugins prints names and logs what they are for", "[PG-03][PG-04]") {
    const Outcome outcome = run({});
    CHECK(outcome.code == 0);
    CHECK(outcome.out == kNames);
    CHECK(outcome.err == kLog);
}

TEST_CASE("aiomisc-plugins is quiet when asked", "[PG-03]") {
    for (const char* flag : {"-q", "-s", "--quiet", "--silent"}) {
        INFO(flag);
        const Outcome outcome = run({flag});
        CHECK(outcome.code == 0);
        CHECK(outcome.out == kNames);
        CHECK(outcome.err.empty());
    }
    CHECK(run({"-l", "debug", "-q"}).err.empty());
}

TEST_CASE("aiomisc-plugins prints no names when asked", "[PG-03]") {
    for (const char* flag : {"-n", "--no-output"}) {
        INFO(flag);
        const Outcome outcome = run({flag});
        CHECK(outcome.code == 0);
        CHECK(outcome.out.empty());
        CHECK(outcome.err == kLog);
    }
}

TEST_CASE("aiomisc-plugins logs at the level and in the format asked for", "[PG-03]") {
    CHECK(run({"-l", "error"}).err.empty());
    CHECK(run({"--log-level", "warning"}).err.empty());
    CHECK(run({"-l", "info"}).err == kLog);
    CHECK_THAT(
        run({"-F", "stream"}).err, starts_with("INFO:aiomisc.plugins:Available 2 plugins.\n"));
    const Outcome json = run({"--log-format", "json"});
    CHECK(json.out == kNames);
    CHECK_THAT(json.err, starts_with("{") && contains("Available 2 plugins."));
}

TEST_CASE("aiomisc-plugins explains itself with examples", "[PG-03]") {
    for (const char* flag : {"-h", "--help"}) {
        INFO(flag);
        const Outcome outcome = run({flag});
        CHECK(outcome.code == 0);
        CHECK(outcome.err.empty());
        CHECK_THAT(outcome.out, contains("usage: aiomisc-plugins [OPTIONS]"));
        for (const char* text :
             {"-q, -s, --quiet, --silent",
              "-n, --no-output",
              "-l, --log-level",
              "-F, --log-format",
              "critical|error|warning|info|debug|notset",
              "rich_tb",
              "Examples:",
              "AIOMISC_PLUGIN_PATH=$PWD aiomisc-plugins"}) {
            CHECK_THAT(outcome.out, contains(text));
        }
    }
}

TEST_CASE("aiomisc-plugins refuses what it does not know, with the words it does", "[PG-03]") {
    const Outcome level = run({"-l", "loud"});
    CHECK(level.code == 2);
    CHECK(level.out.empty());
    CHECK_THAT(level.err, contains("loud") && contains("critical"));
    const Outcome format = run({"-F", "paper"});
    CHECK(format.code == 2);
    CHECK_THAT(format.err, contains("paper") && contains("journald"));
    CHECK(run({"--frobnicate"}).code == 2);
    CHECK(run({"word"}).code == 2);
}

TEST_CASE("aiomisc-plugins loads plugins from the path", "[PG-03][PG-01]") {
    const TempDir dir;
    std::filesystem::copy_file(
        std::filesystem::path(AIOMISC_TEST_PLUGINS) / "greeting.so", dir / "greeting.so");
    const Outcome outcome = run({"-q"}, {{"AIOMISC_PLUGIN_PATH", dir.path().string()}});
    CHECK(outcome.code == 0);
    CHECK_THAT(outcome.out, contains("dependency_injection\ngreeting\nsystemd_watchdog\n"));
}

TEST_CASE("aiomisc-plugins shows none where plugins are turned off", "[PG-02]") {
    const Outcome outcome = run({}, {{"AIOMISC_NO_PLUGINS", "1"}});
    CHECK(outcome.code == 0);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == "Available 0 plugins.\n");
}

TEST_CASE("aiomisc-plugins fails when a setup fails", "[PG-01]") {
    const TempDir dir;
    std::filesystem::copy_file(
        std::filesystem::path(AIOMISC_TEST_PLUGINS) / "thrower.so", dir / "thrower.so");
    const Outcome outcome = run({}, {{"AIOMISC_PLUGIN_PATH", dir.path().string()}});
    CHECK(outcome.code == 1);
    CHECK_THAT(
        outcome.err, contains("setup of plugin thrower failed: std::runtime_error: no license\n"));
}

// A sanitizer's runtime looks at its own process, which such a program may not.
#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)
TEST_CASE("a program with more rights than its user loads no files", "[PG-01][S12]") {
    const TempDir dir;
    const std::filesystem::path program = dir / "aiomisc-plugins";
    std::filesystem::copy_file(AIOMISC_TEST_PLUGINS_COMMAND, program);
    std::filesystem::create_directory(dir / "plugins");
    std::filesystem::copy_file(
        std::filesystem::path(AIOMISC_TEST_PLUGINS) / "greeting.so",
        dir / "plugins" / "greeting.so");
    struct statvfs file_system{};
    REQUIRE(::statvfs(program.c_str(), &file_system) == 0);
    constexpr uid_t kNobody = 65534;
    // Only root can make such a program, and only where the file system has such programs.
    if ((file_system.f_flag & ST_NOSUID) != 0 ||
        ::chown(program.c_str(), kNobody, ::getegid()) != 0) {
        return;
    }
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(program.c_str(), 04755) == 0);
    Process process = Process::start(
        {program.string(), "-q"},
        {.environment = {{"AIOMISC_PLUGIN_PATH", (dir / "plugins").string()}}});
    CHECK(process.read_all() == kNames);
    CHECK(process.wait().code == 0);
}
#endif
