// SPDX-License-Identifier: MIT

// Threads and workers that log to one pipe, as fast as they can: what arrives when it is read, and
// who goes on when it is not.

#include "integration/pool_harness.h"
#include "stress/seed.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/app/run.h>
#include <aiomisc/runtime/base/statistic.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/log/threaded_handler.h>

#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

constexpr int kThreads = 4;
constexpr int kWorkers = 4;
constexpr int kLines = 125'000 / static_cast<int>(kSlowdown);
/// What the log may cost in memory: twice a buffer of 1 MiB, and what the allocator makes of it.
[[maybe_unused]] constexpr long kMostKilobytes = 64 * 1024;

int log_lines(int source, int count) {
    for (int number = 0; number < count; ++number) {
        log::with({{"source", source}, {"number", number}})
            .info("storm", "line {} of \"{}\"\n", number, source);
    }
    return count;
}

double logger_metric(std::string_view metric) {
    double sum = 0;
    for (const auto& value : get_statistics<log::ThreadedHandlerStatistic>()) {
        sum += value.metric == metric ? value.value : 0;
    }
    return sum;
}

void start_logging(std::chrono::milliseconds stall_limit) {
    log::basic_config(
        {.level = log::Level::kInfo,
         .log_format = log::Format::kJson,
         .buffered = true,
         .stall_limit = stall_limit});
}

std::vector<std::thread> start_threads(int count) {
    std::vector<std::thread> threads;
    for (int source = 0; source < kThreads; ++source) {
        threads.emplace_back([source, count] { log_lines(source, count); });
    }
    return threads;
}

/// What the test wants to know of a helper: stdout is the log's.
void report(const std::string& path, const nlohmann::json& facts) {
    std::ofstream(path + ".part") << facts.dump();
    std::rename((path + ".part").c_str(), path.c_str());
}

Task<int> storm(int count, std::string path) {
    WorkerPool pool({.workers = kWorkers});
    co_await pool.start();
    // A reader that the machine keeps waiting is no stalled one.
    start_logging(10min);
    std::vector<TaskHandle<int>> calls;
    for (int source = kThreads; source < kThreads + kWorkers; ++source) {
        calls.push_back(pool.create_task<&log_lines>(source, count));
    }
    std::vector<std::thread> threads = start_threads(count);
    for (auto& call : calls) {
        co_await call;
    }
    for (auto& thread : threads) {
        thread.join();
    }
    co_await pool.close();
    log::flush();
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    report(path, {{"dropped", logger_metric("dropped")}, {"kilobytes", usage.ru_maxrss}});
    co_return 0;
}

/// The loop turns while its threads log and nobody reads.
Task<int> go_on(int count, std::string path) {
    start_logging(50ms);
    std::vector<std::thread> threads = start_threads(count);
    int turns = 0;
    for (; turns < 200; ++turns) {
        log::info("loop", "turn {}", turns);
        co_await sleep(1ms);
    }
    for (auto& thread : threads) {
        thread.join();
    }
    report(
        path,
        {{"turns", turns},
         {"dropped", logger_metric("dropped")},
         {"records", logger_metric("records")}});
    co_return 0;
}

/// One line of json, with its newline; what is written to it besides lines is an error.
nlohmann::json parse(const std::string& line) {
    CAPTURE(line);
    const auto record = nlohmann::json::parse(line, nullptr, false);
    REQUIRE_FALSE(record.is_discarded());
    return record;
}

}  // namespace

AIOMISC_TEST_HELPER(log_storm) {
    log::basic_config({.log_format = log::Format::kJson});
    return run(storm(std::stoi(arguments[0]), arguments[1]), {.log_config = false});
}

AIOMISC_TEST_HELPER(log_and_go_on) {
    return run(go_on(std::stoi(arguments[0]), arguments[1]), {.log_config = false});
}

TEST_CASE(
    "four threads and four workers log a million lines: all arrive, whole and in order",
    "[LG-03][LG-11][LG-20]") {
    const TempDir directory;
    auto process =
        Process::start_helper("log_storm", {std::to_string(kLines), directory / "facts"});
    std::map<std::pair<int, int>, int> next;
    std::map<int, int> process_of;
    long lines = 0;
    while (const auto line = process.read_line(1min)) {
        const auto record = parse(*line);
        const auto& fields = record["@fields"];
        const int source = fields["source"];
        const int number = fields["number"];
        const int pid = fields["pid"];
        REQUIRE(record["msg"] == fmt::format("line {} of \"{}\"\n", number, source));
        REQUIRE(next[{pid, source}]++ == number);
        REQUIRE(fields.contains("worker_id") == (source >= kThreads));
        REQUIRE(fields.contains("call_id") == (source >= kThreads));
        process_of[source] = pid;
        ++lines;
    }
    CHECK(process.wait() == ExitStatus{.code = 0});
    CHECK(lines == long{kThreads + kWorkers} * kLines);
    CHECK(next.size() == kThreads + kWorkers);
    for (int source = 0; source < kThreads; ++source) {
        CHECK(process_of[source] == process.pid());
    }
    const auto facts = nlohmann::json::parse(directory.read("facts"));
    CHECK(facts["dropped"] == 0);
#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)
    CHECK(facts["kilobytes"] < kMostKilobytes);
#endif
}

TEST_CASE("nobody reads the log: the loop turns, and what is lost is counted", "[LG-03]") {
    const TempDir directory;
    auto process =
        Process::start_helper("log_and_go_on", {std::to_string(kLines), directory / "facts"});
    REQUIRE(wait_until([&] { return std::filesystem::exists(directory / "facts"); }, 1min));
    const auto facts = nlohmann::json::parse(directory.read("facts"));
    CHECK(facts["turns"] == 200);
    CHECK(facts["dropped"] > 0);
    CHECK(
        facts["records"].get<double>() + facts["dropped"].get<double>() ==
        double{kThreads} * kLines + 200);
    long lines = 0;
    double reported = 0;
    while (const auto line = process.read_line()) {
        const auto record = parse(*line);
        if (record["@fields"]["identifier"] == "aiomisc.log") {
            reported += std::stod(record["@fields"]["argument_0"].get<std::string>());
        } else {
            ++lines;
        }
    }
    CHECK(process.wait() == ExitStatus{.code = 0});
    // At its end the process may have found the pipe still full: then it gave up.
    CHECK(static_cast<double>(lines) <= facts["records"].get<double>());
    CHECK(reported <= facts["dropped"].get<double>());
}
