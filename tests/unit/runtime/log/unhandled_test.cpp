// SPDX-License-Identifier: MIT

// The last words of a process that ends by std::terminate().

#include <aiomisc/runtime/log/unhandled.h>

#include "log_harness.h"
#include "support/helper.h"
#include "support/process.h"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <sys/resource.h>

#include <nlohmann/json.hpp>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using Json = nlohmann::json;
using log::Format;
using log::Level;
using test::contains;

[[noreturn]] void say_and_abort() {
    static_cast<void>(!::write(STDOUT_FILENO, "previous handler\n", 17));
    ::signal(SIGABRT, SIG_DFL);
    std::abort();
}

void leave_no_core() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

[[noreturn]] void fail() {
    throw std::domain_error("not caught");
}

[[noreturn]] void end_badly(const std::string& how) noexcept {
    if (how == "throw") {
        fail();
    }
    if (how == "two threads") {
        std::thread other([] { std::terminate(); });
        other.detach();
    }
    std::terminate();
}

/// What a process prints that ends `how` with buffered logging in `format`.
std::vector<std::string> last_words(const std::string& how, const std::string& format) {
    auto process = test::Process::start_helper("end_badly", {how, format});
    const auto lines = test::lines_of(process.read_all());
    CHECK(process.wait().signal == SIGABRT);
    return lines;
}

AIOMISC_TEST_HELPER(end_badly) {
    leave_no_core();
    std::set_terminate(&say_and_abort);
    const log::Config config{
        .level = Level::kInfo,
        .log_format = log::parse_format(arguments[1]),
        .stream = STDOUT_FILENO,
        .buffered = true,
        .flush_interval = 1h};
    log::basic_config(config);
    log::basic_config(config);  // the hook is there once
    log::info("test", "before");
    end_badly(arguments[0]);
}

}  // namespace

TEST_CASE(
    "an exception that nobody catches is logged once, with a backtrace",
    "[LG-01][test_unhandled_hook_init][test_unhandled_hook_add_handler][test_call_logs_exception]"
    "[test_basic_config_sets_excepthook]") {
    const auto lines = last_words("throw", "json");
    REQUIRE(lines.size() == 3);
    CHECK(Json::parse(lines[0])["msg"] == "before");
    const Json record = Json::parse(lines[1]);
    CHECK(record["level"] == "fatal");
    CHECK(record["msg"] == "uncaught exception");
    CHECK(record["@fields"]["identifier"] == "unhandled");
    CHECK(record["@fields"]["errno"] == 255);
    const auto trace = record["stackTrace"].get<std::string>();
    CHECK_THAT(trace, test::starts_with("std::domain_error: not caught\n#0 "));
    CHECK(std::ranges::count(trace, '\n') > 3);
    CHECK(lines[2] == "previous handler");
}

TEST_CASE("std::terminate without an exception is logged", "[LG-01]") {
    const auto lines = last_words("terminate", "stream");
    REQUIRE(lines.size() > 4);
    CHECK(lines[0] == "INFO:test:before");
    CHECK(lines[1] == "CRITICAL:unhandled:std::terminate was called");
    CHECK_THAT(lines[2], test::starts_with("#0 "));
    CHECK(lines.back() == "previous handler");
}

TEST_CASE("two threads that end badly together are logged as one", "[LG-01]") {
    const auto lines = last_words("two threads", "json");
    CHECK(std::ranges::count_if(lines, [](const std::string& line) {
              return line.find("\"unhandled\"") != std::string::npos;
          }) == 1);
}
