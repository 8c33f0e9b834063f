// SPDX-License-Identifier: MIT

// The json format: every line parses, whatever is logged.

#include <nlohmann/json.hpp>

#include "log_harness.h"

#include <aiomisc/runtime/log/context.h>

#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

namespace {

using namespace aiomisc;
using Json = nlohmann::json;
using log::Format;
using log::Level;
using test::contains;
using test::Ends;
using test::KeepConfig;

/// Parses what is logged in json, a line at a time.
class JsonLog {
public:
    explicit JsonLog(std::optional<std::string> date_format = {}) {
        log::basic_config(
            {.level = Level::kNotset,
             .log_format = Format::kJson,
             .date_format = std::move(date_format),
             .stream = ends_.writing.get()});
    }

    JsonLog(const JsonLog&) = delete;
    JsonLog& operator=(const JsonLog&) = delete;

    ~JsonLog() { log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain}); }

    /// The text of one record.
    std::string line() {
        const auto writes = test::read_available(ends_.reading);
        REQUIRE(writes.size() == 1);
        REQUIRE(writes.front().find('\n') == writes.front().size() - 1);
        return writes.front();
    }

    /// The same, parsed. A key that appears twice is an error.
    Json record() {
        std::vector<std::set<std::string>> open;
        return Json::parse(line(), [&open](int, Json::parse_event_t event, Json& parsed) {
            if (event == Json::parse_event_t::object_start) {
                open.emplace_back();
            } else if (event == Json::parse_event_t::object_end) {
                open.pop_back();
            } else if (event == Json::parse_event_t::key) {
                CAPTURE(parsed.get<std::string>());
                CHECK(open.back().insert(parsed.get<std::string>()).second);
            }
            return true;
        });
    }

private:
    Ends ends_ = Ends::datagrams();
};

void provide_context(log::detail::ContextFields& fields) {
    fields.add("task_name", std::string_view("Task-7"));
    fields.add("worker_id", 3);
}

}  // namespace

TEST_CASE(
    "json: message, level, logger, source line", "[LG-11][test_format_basic][test_json_format]") {
    JsonLog log;
    const auto line = __LINE__ + 1;
    log::info("app.db", "connected");
    const Json record = log.record();
    CHECK(record["msg"] == "connected");
    CHECK(record["level"] == "info");
    const Json& fields = record["@fields"];
    CHECK(fields["identifier"] == "app.db");
    CHECK(fields["code_line"] == line);
    CHECK(fields["code_line"].is_number_integer());
    CHECK(fields["code_file"] == "json_test.cpp");
    CHECK(fields["code_module"] == "json_test");
    CHECK(fields["code_func"].is_string());
    CHECK(fields["errno"] == 0);
    CHECK(fields["message_raw"] == "connected");
    CHECK(fields["pid"] == ::getpid());
    CHECK(fields["process_name"] == program_invocation_short_name);
    CHECK(fields["thread_name"].is_string());
    CHECK(record.size() == 3);
}

TEST_CASE(
    "json: arguments stand beside the message",
    "[LG-11][test_format_with_args][test_formatMessage]") {
    JsonLog log;
    log::info("app", "{} of {:.1f}", "one", 2.25);
    const Json record = log.record();
    CHECK(record["msg"] == "one of 2.2");
    CHECK(record["@fields"]["message_raw"] == "{} of {:.1f}");
    CHECK(record["@fields"]["argument_0"] == "one");
    CHECK(record["@fields"]["argument_1"] == "2.25");
    CHECK_FALSE(record["@fields"].contains("argument_2"));
}

TEST_CASE("json: an exception", "[LG-11][test_format_with_exception][test_formatException]") {
    JsonLog log;
    log::with_exception(std::make_exception_ptr(std::invalid_argument("no \"such\" user")))
        .error("app", "failed");
    const Json record = log.record();
    CHECK(record["@fields"]["errno"] == 255);
    CHECK(record["stackTrace"] == "std::invalid_argument: no \"such\" user");
}

TEST_CASE("json: no time unless asked for", "[LG-11][test_init_default][test_init_with_datefmt]") {
    {
        JsonLog log;
        log::info("app", "now");
        CHECK_FALSE(log.record().contains("@timestamp"));
    }
    JsonLog log("%Y");
    log::info("app", "now");
    const Json record = log.record();
    CHECK(record["@timestamp"].is_string());
    CHECK(record["@timestamp"].get<std::string>().size() == 4);
}

TEST_CASE(
    "json: seconds since 1970 are a number",
    "[LG-11][test_format_with_timestamp][test_format_with_timestamp_epoch]"
    "[test_json_handler_with_date_format]") {
    JsonLog log("%s");
    const auto before = std::chrono::system_clock::now();
    log::info("app", "now");
    const auto after = std::chrono::system_clock::now();
    const Json record = log.record();
    REQUIRE(record["@timestamp"].is_number_float());
    const std::chrono::duration<double> logged(record["@timestamp"].get<double>());
    CHECK(logged >= before.time_since_epoch() - std::chrono::milliseconds(1));
    CHECK(logged <= after.time_since_epoch() + std::chrono::milliseconds(1));
}

TEST_CASE("json: names of levels", "[LG-11][test_format_all_levels]") {
    JsonLog log;
    const std::vector<std::pair<Level, Json>> names{
        {Level::kCritical, "fatal"},
        {Level::kError, "error"},
        {Level::kWarning, "warn"},
        {Level::kInfo, "info"},
        {Level::kDebug, "debug"},
        {Level::kNotset, nullptr}};
    for (const auto& [level, name] : names) {
        log::log(level, "app", "hello");
        CHECK(log.record()["level"] == name);
    }
}

TEST_CASE("json: fields keep their types", "[LG-11][test_format_with_extra_fields]") {
    JsonLog log;
    log::with({{"user", 42},
               {"offset", std::numeric_limits<std::int64_t>::min()},
               {"size", std::numeric_limits<std::uint64_t>::max()},
               {"seconds", 0.1},
               {"huge", 1e300},
               {"infinite", std::numeric_limits<double>::infinity()},
               {"done", true},
               {"path", std::string("/tmp")},
               {"nothing", nullptr},
               {"_hidden", 1}})
        .info("app", "hello");
    const Json fields = log.record()["@fields"];
    CHECK(fields["user"].is_number_integer());
    CHECK(fields["user"] == 42);
    CHECK(fields["offset"] == std::numeric_limits<std::int64_t>::min());
    CHECK(fields["size"] == std::numeric_limits<std::uint64_t>::max());
    CHECK(fields["seconds"] == 0.1);
    CHECK(fields["huge"] == 1e300);
    CHECK(fields["infinite"] == "inf");
    CHECK(fields["done"] == true);
    CHECK(fields["path"] == "/tmp");
    CHECK_FALSE(fields.contains("nothing"));
    CHECK_FALSE(fields.contains("_hidden"));
}

TEST_CASE("json: no key appears twice", "[LG-11][W-20]") {
    JsonLog log;
    log::detail::add_context_provider(&provide_context);
    log::with({{"pid", 1}, {"errno", 5}, {"task_name", "mine"}, {"argument_0", "x"}})
        .with({{"twice", 1}, {"twice", 2}})
        .info("app", "{}", "hello");
    const Json fields = log.record()["@fields"];  // which checks the keys
    CHECK(fields["pid"] == ::getpid());
    CHECK(fields["errno"] == 0);
    CHECK(fields["task_name"] == "mine");
    CHECK(fields["argument_0"] == "hello");
    CHECK(fields["twice"] == 2);
}

TEST_CASE("json: where it was logged") {
    JsonLog log;
    log::detail::add_context_provider(&provide_context);
    log::info("app", "hello");
    const Json fields = log.record()["@fields"];
    CHECK(fields["task_name"] == "Task-7");
    CHECK(fields["worker_id"] == 3);
    CHECK(fields["worker_id"].is_number_integer());
}

TEST_CASE("json: fields of a kept logger") {
    JsonLog log;
    const auto request_log = [] {
        const std::string id = "r-1";
        return log::with({{"request", id}, {"try", 1}});
    }();
    request_log.with({{"try", 2}}).warning("http", "slow");
    Json fields = log.record()["@fields"];
    CHECK(fields["request"] == "r-1");
    CHECK(fields["try"] == 2);
    request_log.debug("http", "done");
    fields = log.record()["@fields"];
    CHECK(fields["try"] == 1);
}

TEST_CASE("json: text stays UTF-8", "[LG-11]") {
    JsonLog log;
    log::info("app", "\xD0\xBF\xD1\x80\xD0\xB8 \xE2\x82\xAC \xF0\x9F\x90\x8D");
    CHECK_THAT(log.line(), contains("\xD0\xBF\xD1\x80\xD0\xB8 \xE2\x82\xAC \xF0\x9F\x90\x8D"));
}

TEST_CASE("json: hostile bytes", "[LG-11]") {
    JsonLog log;
    const std::string replacement = "\xEF\xBF\xBD";
    const std::vector<std::pair<std::string, std::string>> cases{
        {std::string("a\0b", 3), std::string("a\0b", 3)},
        {"\"quoted\" \\ \b\f\n\r\t\x1B[0m\x7F", "\"quoted\" \\ \b\f\n\r\t\x1B[0m\x7F"},
        {"\xFF", replacement},
        {"x\xC3", "x" + replacement},
        {"\xC0\xAF", replacement + replacement},                                      // overlong
        {"\xE2\x82", replacement},                                                    // cut short
        {"\xE2\x82z", replacement + "z"},                                             // cut short
        {"\xED\xA0\x80", replacement + replacement + replacement},                    // a surrogate
        {"\xF4\x90\x80\x80", replacement + replacement + replacement + replacement},  // > U+10FFFF
        {"\xF0\x9F\x90", replacement},
        {"\x80\xBF", replacement + replacement}};
    for (const auto& [given, expected] : cases) {
        CAPTURE(expected);
        log::with({{given, given}}).info(given, "{}", given);
        const Json record = log.record();
        CHECK(record["msg"] == expected);
        CHECK(record["@fields"]["identifier"] == expected);
        CHECK(record["@fields"]["argument_0"] == expected);
        CHECK(record["@fields"][expected] == expected);
    }
}

TEST_CASE("json: random bytes parse, and come back the same where they are UTF-8") {
    JsonLog log;
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string text(random() % 24, '\0');
        for (char& byte : text) {
            // Half of them of the kind that begins or goes on with a sequence.
            byte = static_cast<char>(random() % 2 == 0 ? 0x80 + random() % 0x80 : random() % 0x100);
        }
        log::write(Level::kInfo, "app", text);
        const std::string message = log.record()["msg"].get<std::string>();
        // What nlohmann-json makes of the same bytes: the same advice of Unicode.
        const std::string expected =
            Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
                .get<std::string>();
        REQUIRE(message == expected);
    }
}

TEST_CASE(
    "json goes to stdout",
    "[X4][test_configure_logging_json][test_json_handler_default][test_json_handler_with_stream]") {
    const KeepConfig keep;
    const Ends ends = Ends::pipe();
    const test::StderrCapture captured;
    const UniqueFd previous(::dup(STDOUT_FILENO));
    std::fflush(stdout);
    ::dup2(ends.writing.get(), STDOUT_FILENO);
    log::basic_config({.level = Level::kInfo, .log_format = Format::kJson});
    log::info("app", "to stdout");
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    ::dup2(previous.get(), STDOUT_FILENO);
    const auto lines = test::lines_of(test::text_available(ends.reading));
    REQUIRE(lines.size() == 1);
    CHECK(Json::parse(lines.front())["msg"] == "to stdout");
    CHECK(captured.text().empty());
}
