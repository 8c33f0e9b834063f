// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/log_reader.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/log/base64.h>
#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/log/tsv_field.h>
#include <aiomisc/runtime/base/error.h>

#include <random>

#include <fcntl.h>
#include <sys/stat.h>

using namespace aiomisc::cli;
using aiomisc::test::TempDir;

namespace {

struct Content {
    std::vector<LoggedJob> jobs;
    std::vector<LoggedRun> runs;
    LogDamage damage;
};

LogReader reader_of(const TempDir& dir, const std::string& name) {
    const std::string path = (dir / name).string();
    return LogReader(aiomisc::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
}

Content read(const TempDir& dir, const std::string& name) {
    Content content;
    content.damage = reader_of(dir, name).read([&](const LogRecord& record, std::uint64_t) {
        if (const auto* const job = std::get_if<LoggedJob>(&record)) {
            content.jobs.push_back(*job);
        } else if (const auto* const run = std::get_if<LoggedRun>(&record)) {
            content.runs.push_back(*run);
        }
    });
    return content;
}

std::string row(int seq, int exit, const std::string& command) {
    return std::to_string(seq) + "\t:\t1.000\t     0.001\t0\t0\t" + std::to_string(exit) + "\t0\t" +
           command + "\n";
}

JobSpec job(std::vector<std::string> items, std::string text) {
    return {.seq = 7, .items = std::move(items), .text = std::move(text)};
}

}  // namespace

TEST_CASE("what a log has written it reads back", "[cli][log]") {
    const TempDir dir;
    const std::vector<std::string> hostile{"a\tb\nc\\", "\xff\xfe", ""};
    const std::string command = "echo 'a\tb\nc\\\r' \xff";
    for (const std::string name : {"log", "log.jsonl"}) {
        INFO(name);
        auto log = JobLog::open((dir / name).string(), false);
        log->begin({.arguments = {}, .directory = "/", .target = "command", .resume = "--resume"});
        log->attempt(job(hostile, command), {.exit_status = 3}, false);
        JobSpec again = job(hostile, command);
        again.rerun = true;
        log->attempt(again, {}, true);
        log->end(0);
        const Content content = read(dir, name);
        REQUIRE(content.damage.count == 0);
        REQUIRE_FALSE(content.damage.torn_end);
        REQUIRE(content.jobs.size() == 1);
        CHECK(content.jobs[0].seq == 7);
        CHECK(content.jobs[0].command == command);
        CHECK(content.jobs[0].succeeded);
        if (name != "log") {
            CHECK(content.jobs[0].items == hostile);
            CHECK(content.jobs[0].rerun);
            REQUIRE(content.runs.size() == 1);
            CHECK(content.runs[0].resumes);
            CHECK(content.runs[0].target == "command");
        }
    }
}

TEST_CASE("a job has succeeded if nothing speaks against it", "[cli][log]") {
    const TempDir dir;
    const std::pair<JobResult, bool> cases[] = {
        {{}, true},
        {{.exit_status = 1}, false},
        {{.cause = Cause::kSignal, .exit_status = -1, .signal = 9}, false},
        {{.cause = Cause::kTimeout, .exit_status = -1, .signal = 15}, false},
        {{.cause = Cause::kCancelled, .exit_status = -1}, false},
        {{.cause = Cause::kLaunch, .exit_status = 127}, false}};
    for (const std::string name : {"log", "log.jsonl"}) {
        for (const auto& [result, succeeded] : cases) {
            INFO(name << " " << to_string(result.cause));
            auto log = JobLog::open((dir / name).string(), false);
            log->begin({});
            log->attempt(job({"a"}, "x"), result, true);
            const Content content = read(dir, name);
            REQUIRE(content.jobs.size() == 1);
            CHECK(content.jobs[0].succeeded == succeeded);
            const bool told = name != "log" && result.cause == Cause::kCancelled;
            CHECK(content.jobs[0].cancelled == told);
        }
    }
}

TEST_CASE("a line that is no record is told of and left out", "[cli][log]") {
    const TempDir dir;
    dir.write(
        "log",
        std::string(kTsvHeader) + row(1, 0, "a") + "garbage\n" + row(2, 0, "bad \\x escape") +
            row(3, 0, "tab\there") + "4\t:\t1.0\t0.1\t0\t0\tzero\t0\tx\n" + row(5, 0, "b") +
            "\xff\xfe\n" + "0\t:\t1.0\t0.1\t0\t0\t1\t0\tx\n" +
            "18446744073709551615\t:\t1.0\t0.1\t0\t0\t1\t0\tx\n");
    const Content content = read(dir, "log");
    REQUIRE(content.jobs.size() == 2);
    CHECK(content.jobs[1].seq == 5);
    CHECK(content.damage.count == 7);
    CHECK(content.damage.lines == std::vector<std::uint64_t>{3, 4, 5});

    const std::string good =
        R"({"type":"job","seq":1,"args":["a"],"final":true,"exit":0,"signal":0,"cause":"exit","cmd":"x"})";
    for (
        const std::string bad :
        {R"({"type":"job","seq":-1,"args":["a"],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":0,"args":["a"],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":4611686018427387905,"args":[],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":"a","final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":[1],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args_b64":["a"],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":["a"],"final":1,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":["a"],"final":true,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":["a"],"final":true,"exit":0,"signal":0})",
         R"({"type":"job","seq":1,)",
         R"({"type":"job","seq":1,"args":["a",["b"]],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":["a",{}],"final":true,"exit":0,"signal":0,"cmd":"x"})",
         R"({"type":"job","seq":1,"args":["a"],"x":{"final":true},"exit":0,"signal":0,"cmd":"x"})",
         R"([1])",
         R"("job")",
         R"({})"}) {
        INFO(bad);
        dir.write("log.jsonl", good + "\n" + bad + "\n" + good + "\n");
        const Content json = read(dir, "log.jsonl");
        CHECK(json.jobs.size() == 2);
        CHECK(json.damage.count == 1);
    }
}

TEST_CASE("a torn line is no record: not now and not later", "[cli][log]") {
    const TempDir dir;
    for (const std::string name : {"log", "log.jsonl"}) {
        INFO(name);
        {
            auto log = JobLog::open((dir / name).string(), false);
            log->begin({});
            log->attempt(job({"a"}, "first"), {}, true);
            log->attempt(job({"b"}, "second and long"), {}, true);
        }
        const std::string whole = dir.read(name);
        const std::size_t second = whole.rfind('\n', whole.size() - 2) + 1;
        // Wherever it was torn, up to the last byte before its newline.
        for (std::size_t size = second + 1; size < whole.size(); ++size) {
            INFO(size);
            dir.write(name, whole.substr(0, size));
            const Content torn = read(dir, name);
            REQUIRE(torn.jobs.size() == 1);
            REQUIRE(torn.damage.torn_end);
            REQUIRE(torn.damage.count == 0);
            JobLog::open((dir / name).string(), true)->attempt(job({"c"}, "third"), {}, true);
            const Content later = read(dir, name);
            REQUIRE(later.jobs.size() == 2);
            REQUIRE(later.jobs[1].command == "third");
            REQUIRE_FALSE(later.damage.torn_end);
            REQUIRE(later.damage.count == 0);  // that has been told
        }
    }
}

TEST_CASE("a record is found again at its place", "[cli][log]") {
    const TempDir dir;
    const std::string long_command(200'000, 'x');
    dir.write(
        "log", std::string(kTsvHeader) + row(1, 0, "a") + row(2, 1, long_command) + row(3, 1, "c"));
    const LogReader log = reader_of(dir, "log");
    std::vector<std::uint64_t> offsets;
    log.read([&](const LogRecord&, std::uint64_t offset) { offsets.push_back(offset); });
    REQUIRE(offsets.size() == 4);
    CHECK(std::get<LoggedJob>(log.record_at(offsets[2])).command == long_command);
    CHECK(std::get<LoggedJob>(log.record_at(offsets[3])).command == "c");
    CHECK_THROWS_AS(log.record_at(offsets[3] + 1), aiomisc::Error);
    CHECK_THROWS_AS(log.record_at(1U << 30), aiomisc::Error);
}

TEST_CASE("a file that is no log is not taken for one", "[cli][log]") {
    const TempDir dir;
    dir.write("log", "dear diary\nit rained\n");
    CHECK_THROWS_AS(read(dir, "log"), aiomisc::Error);
    dir.write("empty", "");
    CHECK(read(dir, "empty").jobs.empty());
    dir.write("torn", "Seq\tHo");
    CHECK(read(dir, "torn").damage.torn_end);
}

TEST_CASE("fields and base64 survive the way there and back", "[cli][log]") {
    std::minstd_rand random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 20, '\0');
        for (char& byte : bytes) {
            const char special[] = {'\\', '\t', '\n', '\r', 't'};
            byte = random() % 2 == 0 ? special[random() % 5] : static_cast<char>(random() % 256);
        }
        REQUIRE(unescape_field(escape_field(bytes)) == bytes);
        REQUIRE(escape_field(bytes).find_first_of("\t\n\r") == std::string::npos);
        REQUIRE(from_base64(base64(bytes)) == bytes);
    }
    for (const char* bad : {"=", "AAA", "AA=A", "A===", "====", "AB==", " AAA", "AAAA\n", "AA*A"}) {
        INFO(bad);
        CHECK_FALSE(from_base64(bad));
    }
}

TEST_CASE("what is no regular file cannot be read back", "[cli][log]") {
    const TempDir dir;
    const std::string fifo = (dir / "log").string();
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK_THROWS_AS(open_log_to_read(fifo), aiomisc::Error);
    CHECK_THROWS_AS(open_log_to_read((dir / "none").string()), aiomisc::SystemError);
}
