// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/job_log.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/log/base64.h>
#include <aiomisc/cli/log/json_object.h>
#include <aiomisc/runtime/base/error.h>

#include <csignal>
#include <filesystem>
#include <sstream>

using namespace aiomisc::cli;
using aiomisc::test::contains;
using aiomisc::test::TempDir;
using namespace std::chrono_literals;

namespace {

JobSpec job(std::uint64_t seq, std::string text = "echo a") {
    return {.seq = seq, .slot = 2, .attempt = 1, .items = {"a"}, .text = std::move(text)};
}

JobResult result(int status) {
    return {
        .exit_status = status,
        .pid = 4711,
        .started = std::chrono::system_clock::time_point(1700000000123ms),
        .runtime = 1500ms,
        .out_bytes = 3,
        .err_bytes = 4};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

}  // namespace

TEST_CASE("the log has GNU parallel's nine columns", "[cli][log][L61]") {
    const TempDir dir;
    const std::string path = (dir / "log").string();
    auto log = JobLog::open(path, false);
    log->begin({});
    log->attempt(job(2), result(3), true);
    log->end(1);
    const auto lines = lines_of(dir.read("log"));
    REQUIRE(lines.size() == 2);
    REQUIRE(
        lines[0] == "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand");
    REQUIRE(lines[1] == "2\t:\t1700000000.123\t     1.500\t0\t3\t3\t0\techo a");
}

TEST_CASE("a job is one line of the log whatever its command and its attempts", "[cli][log][L53]") {
    const TempDir dir;
    auto log = JobLog::open((dir / "log").string(), false);
    log->begin({});
    log->attempt(job(1), result(1), false);
    log->attempt(job(1, "a\tb\nc\rd\\e"), result(0), true);
    const auto lines = lines_of(dir.read("log"));
    REQUIRE(lines.size() == 2);
    REQUIRE_THAT(lines[1], aiomisc::test::ends_with("\ta\\tb\\nc\\rd\\\\e"));
}

TEST_CASE("a JSON log has a record for each attempt", "[cli][log]") {
    const TempDir dir;
    auto log = JobLog::open((dir / "l.jsonl").string(), false);
    log->begin({.arguments = {"-k", "echo"}, .directory = "/d", .target = "command"});
    JobResult failed = result(-1);
    failed.cause = Cause::kTimeout;
    failed.signal = SIGTERM;
    failed.error = "too \"slow\"";
    log->attempt(job(1), failed, false);
    log->attempt(job(1), result(0), true);
    log->end(0);
    const auto lines = lines_of(dir.read("l.jsonl"));
    REQUIRE(lines.size() == 4);
    REQUIRE_THAT(lines[0], aiomisc::test::starts_with(R"({"type":"begin",)"));
    REQUIRE_THAT(lines[0], contains(R"("argv":["-k","echo"])"));
    REQUIRE_THAT(
        lines[1],
        contains(R"("seq":1,"args":["a"],"attempt":1,"final":false,"slot":2,"pid":4711)"));
    REQUIRE_THAT(lines[1], contains(R"("exit":-1,"signal":15,"cause":"timeout")"));
    REQUIRE_THAT(lines[1], contains(R"("error":"too \"slow\"")"));
    REQUIRE_THAT(lines[2], contains(R"("final":true)"));
    REQUIRE_THAT(lines[2], contains(R"("start":1700000000.123,"runtime":1.5)"));
    REQUIRE_THAT(lines[2], contains(R"("out_bytes":3,"err_bytes":4)"));
    REQUIRE(lines[3] == R"({"type":"end","exit":0})");
}

TEST_CASE("items that are not UTF-8 are kept byte for byte", "[cli][log]") {
    const TempDir dir;
    auto log = JobLog::open((dir / "l.jsonl").string(), false);
    JobSpec hostile = job(1, "cmd \xff");
    hostile.items = {"\xff\xfe", "plain"};
    JobResult failed = result(1);
    failed.error = "why \xff";
    log->attempt(hostile, failed, true);
    const std::string text = dir.read("l.jsonl");
    REQUIRE_THAT(text, contains("\"error\":\"why \xef\xbf\xbd\",\"error_b64\":\"d2h5IP8=\""));
    REQUIRE_THAT(text, contains("\"cmd_b64\":\"Y21kIP8=\""));
    REQUIRE_THAT(text, contains(R"("args_b64":["//4=","cGxhaW4="])"));
    REQUIRE_THAT(text, contains("cmd \xef\xbf\xbd"));
    REQUIRE_THAT(text, !contains("\"args\":"));
}

TEST_CASE("without + the log begins anew, with + it goes on", "[cli][log][L65]") {
    const TempDir dir;
    const std::string path = (dir / "log").string();
    for (const bool append : {false, true, true}) {
        auto log = JobLog::open(path, append);
        log->begin({});
        log->attempt(job(1), result(0), true);
    }
    REQUIRE(lines_of(dir.read("log")).size() == 4);  // one header, three jobs
    JobLog::open(path, false)->begin({});
    REQUIRE(lines_of(dir.read("log")).size() == 1);
}

TEST_CASE("a torn last line is ended before anything is added", "[cli][log]") {
    const TempDir dir;
    const auto path = dir.write("log", "Seq\tHost\n1\t:\t17000");
    LogFile file(path.string(), true);
    file.append("2\tx\n");
    // The empty line tells it from a record, which a longer one could be taken for.
    REQUIRE(dir.read("log") == "Seq\tHost\n1\t:\t17000\n\n2\tx\n");
    file.append("3\tx\n");
    REQUIRE_THAT(dir.read("log"), aiomisc::test::ends_with("\n\n2\tx\n3\tx\n"));
}

TEST_CASE("base64 is the usual one", "[cli][log]") {
    REQUIRE(base64("") == "");
    REQUIRE(base64("f") == "Zg==");
    REQUIRE(base64("fo") == "Zm8=");
    REQUIRE(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("JSON text is escaped and on one line", "[cli][log]") {
    JsonObject object;
    object.set("a", "\"\n\x01").set("b", std::int64_t{-1}).set("c", 0.5).set_flag("d", true);
    REQUIRE(object.line() == "{\"a\":\"\\\"\\n\\u0001\",\"b\":-1,\"c\":0.5,\"d\":true}\n");
}
