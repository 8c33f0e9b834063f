// SPDX-License-Identifier: MIT

// basic_config(): what it takes, from where, and what it does to those who are logging.

#include "log_harness.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/line_hook.h>
#include <aiomisc/runtime/log/threaded_handler.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using log::Format;
using log::Level;
using test::contains;
using test::Ends;
using test::Environment;
using test::FunctionSink;
using test::KeepConfig;
using test::KeepingSink;
using test::lines_of;
using test::StderrCapture;

/// The value of a metric of the log threads, over all of them.
double logger_metric(std::string_view metric) {
    double sum = 0;
    for (const auto& value : get_statistics<log::ThreadedHandlerStatistic>()) {
        if (value.metric == metric && value.name == "logger") {
            sum += value.value;
        }
    }
    return sum;
}

/// How often basic_config() fails, naming `variable`, when it has this value.
void check_refused(const char* variable, const char* value) {
    CAPTURE(variable, value);
    const Environment wrong(variable, value);
    try {
        log::basic_config();
        FAIL("was accepted");
    } catch (const ConfigError& error) {
        CHECK(error.key() == variable);
        CHECK(error.source() == "environment");
    }
}

/// ThreadSanitizer ends a process that starts a thread after it was forked by one that has several.
#ifdef AIOMISC_THREAD_SANITIZER
constexpr bool kThreadsAfterFork = false;
#else
constexpr bool kThreadsAfterFork = true;
#endif

[[noreturn]] void log_in_child(int fd) {
    log::error("child", "one");
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kStream,
         .stream = fd,
         .buffered = kThreadsAfterFork});
    log::error("child", "two");
    log::basic_config({.log_format = Format::kDisabled});
    ::_exit(0);
}

}  // namespace

TEST_CASE("records below the level are not written") {
    const KeepConfig keep;
    log::basic_config({.level = Level::kWarning, .log_format = Format::kPlain});
    const StderrCapture captured;
    log::debug("test", "debug");
    log::info("test", "info");
    log::warning("test", "warning {}", 1);
    log::error("test", "error {}", "two");
    log::critical("test", "critical");
    CHECK(captured.text() == "warning 1\nerror two\ncritical\n");
    CHECK(log::enabled(Level::kError));
    CHECK_FALSE(log::enabled(Level::kInfo));
}

TEST_CASE(
    "level and format are remembered",
    "[LG-01][test_basic_config_with_string_level][test_basic_config_with_int_level]"
    "[test_basic_config_with_string_format][test_basic_config_with_enum_format]") {
    const KeepConfig keep;
    log::basic_config(
        {.level = log::parse_level("debug"), .log_format = log::parse_format("plain")});
    CHECK(log::level() == Level::kDebug);
    CHECK(log::format() == Format::kPlain);
    log::basic_config({.level = log::parse_level("30"), .log_format = Format::kStream});
    CHECK(log::level() == Level::kWarning);
    CHECK(log::format() == Format::kStream);
}

TEST_CASE(
    "without any setting the level is info, and a file gets plain text",
    "[LG-06][test_default][test_log_level_default][test_log_format_default]"
    "[test_configure_logging_stderr][test_basic_config_default]") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config();
    CHECK(log::level() == Level::kInfo);
    CHECK(log::format() == Format::kPlain);
    log::info("test", "hello");
    CHECK(captured.text() == "hello\n");  // without a flush: nothing is buffered
}

TEST_CASE("what is not configured comes from the environment", "[W-20][EP-08]") {
    const KeepConfig keep;
    const StderrCapture captured;
    const Environment level("AIOMISC_LOG_LEVEL", "error");
    const Environment format("AIOMISC_LOG_FORMAT", "stream");
    const Environment date("AIOMISC_LOG_DATE_FORMAT", "(date)");
    log::basic_config();
    CHECK(log::level() == Level::kError);
    CHECK(log::format() == Format::kStream);
    log::error("test", "hello");
    CHECK(captured.text() == "(date) ERROR:test:hello\n");
    log::basic_config({.level = Level::kDebug, .date_format = "(other)"});
    CHECK(log::level() == Level::kDebug);
    CHECK(log::format() == Format::kStream);
    log::debug("test", "hello");
    CHECK_THAT(captured.text(), test::ends_with("(other) DEBUG:test:hello\n"));
}

TEST_CASE("a wrong variable is refused by its name, and changes nothing", "[EP-31]") {
    const KeepConfig keep;
    log::basic_config({.level = Level::kError, .log_format = Format::kPlain});
    check_refused("AIOMISC_LOG_FORMAT", "neon");
    check_refused("AIOMISC_LOG_LEVEL", "loud");
    check_refused("AIOMISC_LOG_FLUSH", "soon");
    check_refused("AIOMISC_LOG_FLUSH", "-1");
    check_refused("AIOMISC_LOG_BUFFER_SIZE", "0");
    check_refused("AIOMISC_LOG_BUFFER_SIZE", "many");
    CHECK(log::level() == Level::kError);
    const Environment wins("AIOMISC_LOG_BUFFER_SIZE", "10");
    check_refused("AIOMISC_LOG_BUFFER", "1k");
}

TEST_CASE("a configuration that fails leaves the one there was") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config({.level = Level::kInfo, .log_format = Format::kStream});
    CHECK_THROWS_AS(
        log::basic_config(
            {.level = Level::kDebug,
             .log_format = Format::kPlain,
             .handlers = {std::make_shared<KeepingSink>()},
             .buffered = true,
             .buffer_size = 0}),
        std::invalid_argument);
    CHECK_THROWS_AS(
        log::basic_config({.handler_wrapper = [](auto) -> std::shared_ptr<log::Sink> {
            throw std::runtime_error("no");
        }}),
        std::runtime_error);
    CHECK(log::level() == Level::kInfo);
    log::info("test", "still there");
    CHECK(captured.text() == "INFO:test:still there\n");
}

TEST_CASE(
    "sinks of the program get records too",
    "[LG-01][EP-11][W-20][test_basic_config_with_additional_handlers][test_basic_config_with_"
    "handlers]") {
    const KeepConfig keep;
    const StderrCapture captured;
    const auto sink = std::make_shared<KeepingSink>();
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain, .handlers = {sink}});
    log::info("test", "{} apples", 3);
    log::debug("test", "not seen");
    CHECK(captured.text() == "3 apples\n");
    REQUIRE(sink->records().size() == 1);
    const auto record = sink->records().front();
    CHECK(record.logger == "test");
    CHECK(record.message == "3 apples");
    CHECK(record.format == "{} apples");
    CHECK(record.arguments == std::vector<std::string>{"3"});
    CHECK(record.line > 0);
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    log::info("test", "later");
    CHECK(sink->records().size() == 1);
    CHECK(sink.use_count() == 1);  // it is let go of
}

TEST_CASE("without a format the sinks of the program get records still", "[LG-15]") {
    const KeepConfig keep;
    const StderrCapture captured;
    const auto sink = std::make_shared<KeepingSink>();
    log::basic_config({.level = Level::kInfo, .log_format = Format::kDisabled, .handlers = {sink}});
    CHECK(log::enabled(Level::kInfo));
    log::info("test", "hello");
    CHECK(sink->messages() == std::vector<std::string>{"hello"});
    CHECK(captured.text().empty());
}

TEST_CASE("a wrapper is given every sink", "[LG-01][test_basic_config_with_handler_wrapper]") {
    const KeepConfig keep;
    const StderrCapture captured;
    const auto user = std::make_shared<KeepingSink>();
    std::vector<std::shared_ptr<log::Sink>> given;
    const auto instead = std::make_shared<KeepingSink>();
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kPlain,
         .handlers = {user},
         .handler_wrapper = [&](std::shared_ptr<log::Sink> sink) -> std::shared_ptr<log::Sink> {
             given.push_back(std::move(sink));
             return instead;
         }});
    CHECK(given.size() == 2);
    CHECK(given.back() == user);
    log::info("test", "hello");
    CHECK(instead->messages() == std::vector<std::string>{"hello", "hello"});
    CHECK(user->records().empty());
    CHECK(captured.text().empty());
}

TEST_CASE("a sink that throws does not keep records from the others") {
    const KeepConfig keep;
    const auto sink = std::make_shared<KeepingSink>();
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kDisabled,
         .handlers = {
             std::make_shared<FunctionSink>(
                 [](const log::Record&) { throw std::runtime_error("broken"); }),
             sink}});
    log::info("test", "hello");
    CHECK(sink->messages() == std::vector<std::string>{"hello"});
}

TEST_CASE("what a sink logs goes to the others") {
    const KeepConfig keep;
    const auto sink = std::make_shared<KeepingSink>();
    const auto talkative = std::make_shared<FunctionSink>(
        [](const log::Record& record) { log::warning("sink", "seen: {}", record.message); });
    for (const bool buffered : {false, true}) {
        CAPTURE(buffered);
        log::basic_config(
            {.level = Level::kInfo,
             .log_format = Format::kDisabled,
             .handlers = {talkative, sink},
             .buffered = buffered});
        const std::size_t before = sink->records().size();
        log::info("test", "hello");
        log::flush();
        log::flush();
        const auto messages = sink->messages();
        CHECK(messages.size() == before + 2);
        CHECK(std::ranges::count(messages, "seen: hello") == (buffered ? 2 : 1));
    }
}

TEST_CASE("buffered: a thread writes, and basic_config flushes", "[LG-02][LG-03][W-20]") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kPlain,
         .buffered = true,
         .flush_interval = 1h});
    CHECK(logger_metric("threads") == 1);  // at once, not with the first record
    log::info("test", "one");
    log::flush();
    CHECK(captured.text() == "one\n");
    log::info("test", "two");
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    CHECK(captured.text() == "one\ntwo\n");
    CHECK(logger_metric("threads") == 0);
}

TEST_CASE("buffered: a critical record is out when the call returns", "[LG-03]") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kPlain,
         .buffered = true,
         .flush_interval = 1h});
    log::info("test", "one");
    log::critical("test", "two");
    CHECK(captured.text() == "one\ntwo\n");
}

TEST_CASE(
    "buffered: records are out after the interval", "[LG-03][test_basic_config_custom_params]") {
    const KeepConfig keep;
    const StderrCapture captured;
    const Environment interval("AIOMISC_LOG_FLUSH", "0.01");
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain, .buffered = true});
    log::info("test", "one");
    CHECK(test::wait_until([&] { return captured.text() == "one\n"; }, 10s));
}

TEST_CASE("buffering is asked of the environment", "[EP-09][X3]") {
    const KeepConfig keep;
    const StderrCapture captured;
    CHECK_FALSE(log::buffering_from_environment().has_value());
    const Environment buffering("AIOMISC_LOG_BUFFERING", "Yes");
    CHECK(log::buffering_from_environment() == true);
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    CHECK(logger_metric("threads") == 1);
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain, .buffered = false});
    CHECK(logger_metric("threads") == 0);
}

TEST_CASE("the buffer has the size of the longer variable", "[X3]") {
    const KeepConfig keep;
    // The first record occupies the sink, two more find place, then the buffer is full.
    const Ends ends = Ends::pipe();
    std::atomic<bool> entered{false};
    const auto stuck = std::make_shared<FunctionSink>([&](const log::Record&) {
        entered.store(true);
        char byte = 0;
        static_cast<void>(!::read(ends.reading.get(), &byte, 1));
    });
    const Environment short_name("AIOMISC_LOG_BUFFER", "7");
    const Environment long_name("AIOMISC_LOG_BUFFER_SIZE", "2");
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kDisabled,
         .handlers = {stuck},
         .buffered = true,
         .flush_interval = 0ms,
         .stall_limit = 1ms});
    const double before = logger_metric("dropped");
    log::info("test", "occupies the sink");
    REQUIRE(test::wait_until([&] { return entered.load(); }, 10s));
    for (int record = 0; record < 5; ++record) {
        log::info("test", "{}", record);
    }
    CHECK(logger_metric("dropped") - before == 3);
    const std::string bytes(10, 'x');
    REQUIRE(::write(ends.writing.get(), bytes.data(), bytes.size()) == 10);
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    CHECK(test::wait_until([] { return logger_metric("threads") == 0; }, 10s));
}

TEST_CASE("threads may log while logging is configured again", "[LG-01]") {
    const KeepConfig keep;
    const StderrCapture captured;
    constexpr int kThreads = 4;
    constexpr int kLines = 2000;
    std::atomic<int> running{kThreads};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([thread, &running] {
            for (int line = 0; line < kLines; ++line) {
                log::error("test", "{} {}", thread, line);
            }
            --running;
        });
    }
    // Two of them, so that configurations meet each other as well.
    std::vector<std::thread> configuring;
    for (int offset = 0; offset < 2; ++offset) {
        configuring.emplace_back([&running, offset] {
            for (int round = offset; running.load() > 0; ++round) {
                log::basic_config(
                    {.level = Level::kInfo,
                     .log_format = Format::kPlain,
                     .handlers = {std::make_shared<KeepingSink>()},
                     .buffered = round % 2 == 0,
                     .stall_limit = 1min});
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (auto& thread : configuring) {
        thread.join();
    }
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    // Every line is there, whole, and those of a thread are in their order.
    std::map<int, int> next;
    for (const std::string& line : lines_of(captured.text())) {
        int thread = -1;
        int number = -1;
        REQUIRE(std::sscanf(line.c_str(), "%d %d", &thread, &number) == 2);
        REQUIRE(line == fmt::format("{} {}", thread, number));
        REQUIRE(number == next[thread]++);
    }
    for (int thread = 0; thread < kThreads; ++thread) {
        CHECK(next[thread] == kLines);
    }
}

TEST_CASE("a thread stuck in a write does not hold up basic_config for ever") {
    const KeepConfig keep;
    const Ends ends = Ends::pipe();
    log::basic_config(
        {.level = Level::kInfo, .log_format = Format::kPlain, .stream = ends.writing.get()});
    std::atomic<bool> through{false};
    std::thread stuck([&through] {
        log::info("test", "{}", std::string(1 << 20, 'x'));  // more than a pipe holds
        through.store(true);
    });
    const StderrCapture captured;
    REQUIRE(test::wait_until(
        [&] {
            pollfd ready{ends.reading.get(), POLLIN, 0};
            return ::poll(&ready, 1, 0) == 1;
        },
        10s));
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    log::info("test", "goes on");
    CHECK(captured.text() == "goes on\n");
    CHECK_FALSE(through.load());
    std::size_t size = 0;
    CHECK(test::wait_until(
        [&] {
            size += test::text_available(ends.reading).size();
            return through.load();
        },
        10s));
    stuck.join();
    size += test::text_available(ends.reading).size();
    CHECK(size == (1 << 20) + 1);
}

TEST_CASE("a forked child logs, though others were logging when it was forked", "[LG-20]") {
    const KeepConfig keep;
    for (const bool buffered : {true, false}) {
        CAPTURE(buffered);
        Ends ends = Ends::pipe();
        const auto sink = std::make_shared<KeepingSink>();
        log::basic_config(
            {.level = Level::kInfo,
             .log_format = Format::kStream,
             .stream = ends.writing.get(),
             .handlers = {sink},
             .buffered = buffered,
             .flush_interval = 1ms});
        std::atomic<bool> stop{false};
        std::thread noise([&stop] {
            while (!stop.load()) {
                log::debug("noise", "is not written");
                log::error("noise", "x");
            }
        });
        std::string text;
        std::thread reader([&] {
            char buffer[4096];
            ssize_t size = 0;
            while ((size = ::read(ends.reading.get(), buffer, sizeof buffer)) > 0) {
                text.append(buffer, static_cast<std::size_t>(size));
            }
        });
        for (int round = 0; round < 20; ++round) {
            const pid_t child = ::fork();
            if (child == 0) {
                log_in_child(ends.writing.get());
            }
            REQUIRE(child > 0);
            int status = -1;
            CHECK(
                test::wait_until([&] { return ::waitpid(child, &status, WNOHANG) == child; }, 10s));
            CHECK(status == 0);
        }
        stop.store(true);
        noise.join();
        log::basic_config({.log_format = Format::kDisabled});
        ends.writing.reset();
        reader.join();
        std::size_t from_children = 0;
        for (const std::string& line : lines_of(text)) {
            if (line == "ERROR:child:one" || line == "ERROR:child:two") {
                ++from_children;
            } else {
                REQUIRE(
                    (line == "ERROR:noise:x" || line.find("records dropped") != std::string::npos));
            }
        }
        CHECK(from_children == 40);
        // A child has the configuration, but not the sinks of the program.
        for (const auto& record : sink->records()) {
            CHECK(record.logger != "child");
        }
    }
}

TEST_CASE(
    "a forked child logs, though others were being configured when it was forked", "[LG-20]") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
    std::atomic<bool> stop{false};
    std::thread noise([&stop] {
        while (!stop.load()) {
            const auto handler = log::wrap_logging_handler(std::make_shared<KeepingSink>());
            log::set_line_hook({.before = [] { return std::string("\r"); }});
            log::info("test", "parent");
            log::basic_config({.level = Level::kInfo, .log_format = Format::kPlain});
        }
    });
    for (int round = 0; round < 20; ++round) {
        const pid_t child = ::fork();
        if (child == 0) {
            log_in_child(STDERR_FILENO);
        }
        REQUIRE(child > 0);
        int status = -1;
        CHECK(test::wait_until([&] { return ::waitpid(child, &status, WNOHANG) == child; }, 10s));
        CHECK(status == 0);
    }
    stop.store(true);
    noise.join();
    log::set_line_hook({});
    const auto lines = lines_of(captured.text());
    CHECK(std::ranges::count(lines, "ERROR:child:two") == 20);
    CHECK(std::ranges::count(lines, "one") == 20);
}

TEST_CASE("a line hook writes around the lines, in the same write") {
    const KeepConfig keep;
    const Ends ends = Ends::datagrams();
    for (const bool buffered : {false, true}) {
        log::basic_config(
            {.level = Level::kInfo,
             .log_format = Format::kPlain,
             .stream = ends.writing.get(),
             .buffered = buffered});
        log::set_line_hook(
            {.before = [] { return std::string("\r\033[K"); },
             .after = [] { return std::string("[####  ]"); }});
        log::info("test", "hello");
        log::flush();
        CHECK(
            test::read_available(ends.reading) ==
            std::vector<std::string>{"\r\033[Khello\n[####  ]"});
        log::set_line_hook({});
        log::info("test", "hello");
        log::flush();
        CHECK(test::read_available(ends.reading) == std::vector<std::string>{"hello\n"});
    }
}
