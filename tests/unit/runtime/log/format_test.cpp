// SPDX-License-Identifier: MIT

// What the lines of the text formats look like.

#include "log_harness.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/threaded_handler.h>

#include <regex>
#include <stdexcept>
#include <thread>

#include <pty.h>
#include <sys/ioctl.h>

namespace {

using namespace aiomisc;
using log::Format;
using log::Level;
using test::contains;
using test::Ends;
using test::KeepConfig;
using test::StderrCapture;

std::exception_ptr nested_error() {
    try {
        try {
            throw std::out_of_range("no such page");
        } catch (...) {
            std::throw_with_nested(std::runtime_error("cannot print"));
        }
    } catch (...) {
        return std::current_exception();
    }
}

/// The lines that `body` logs to stderr in a format.
std::string logged(const log::Config& config, const std::function<void()>& body) {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config(config);
    body();
    log::flush();
    return captured.text();
}

log::Config in_format(Format format) {
    return {.level = Level::kDebug, .log_format = format};
}

}  // namespace

TEST_CASE("stream: level, logger and message", "[LG-08][test_stream_format]") {
    CHECK(logged(in_format(Format::kStream), [] {
              log::warning("worker", "{} left", 3);
          }) == "WARNING:worker:3 left\n");
}

TEST_CASE("stream: a date only when its format is given", "[LG-08][test_stream_format_with_date]") {
    auto config = in_format(Format::kStream);
    config.date_format = "<%Y-%m-%d>";
    const std::string line = logged(config, [] { log::debug("a.b", "hello"); });
    CHECK(std::regex_match(line, std::regex("<\\d{4}-\\d\\d-\\d\\d> DEBUG:a\\.b:hello\n")));
}

TEST_CASE("plain: the message alone", "[LG-09][test_plain_format]") {
    CHECK(logged(in_format(Format::kPlain), [] {
              log::critical("worker", "the end");
          }) == "the end\n");
}

TEST_CASE(
    "color: date, thread, colored level, bold from warning on",
    "[LG-10][test_color_format][test_color_formatter_creates_handler]"
    "[test_color_formatter_default_stream]") {
    const std::string text = logged(in_format(Format::kColor), [] {
        std::thread([] {
            ::pthread_setname_np(::pthread_self(), "painter");
            log::info("app", "fine");
            log::error("app", "gone");
        }).join();
    });
    const std::regex expected(
        "\033\\[01;37m\033\\[40m\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\033\\[0m "
        "\033\\[34m\\[T:painter\\]\033\\[0m \033\\[32mINFO:app\033\\[0m: fine\033\\[0m\n"
        "[^\n]*\033\\[31mERROR:app\033\\[0m: \033\\[01mgone\033\\[0m\n");
    CHECK(std::regex_match(text, expected));
}

TEST_CASE("color: every level has its color", "[LG-10]") {
    const std::string text = logged(in_format(Format::kColor), [] {
        log::debug("x", "1");
        log::warning("x", "2");
        log::critical("x", "3");
    });
    CHECK_THAT(text, contains("\033[36mDEBUG:x"));
    CHECK_THAT(text, contains("\033[33mWARNING:x"));
    CHECK_THAT(text, contains("\033[31m\033[47mCRITICAL:x"));
}

TEST_CASE("color: a date format of one's own", "[LG-10][W-20]") {
    auto config = in_format(Format::kColor);
    config.date_format = "day %j";
    CHECK_THAT(
        logged(config, [] { log::info("app", "fine"); }),
        test::starts_with("\033[01;37m\033[40mday "));
}

TEST_CASE(
    "rich: time, level column, message, fields, source line",
    "[LG-14][test_rich_format][test_rich_formatter_creates_handler]") {
    unsigned line = 0;
    const std::string text = logged(in_format(Format::kRich), [&line] {
        line = __LINE__ + 1;
        log::with({{"user", 7}, {"name", "x y"}}).info("app", "first\nsecond {}", 2);
    });
    const std::regex expected(
        "\\[\\d\\d:\\d\\d:\\d\\d\\] INFO     first\n"
        "                    second 2 user=7 name=x y pid=" +
        std::to_string(::getpid()) + "  format_test.cpp:" + std::to_string(line) + "\n");
    CAPTURE(text);
    CHECK(std::regex_match(text, expected));
}

TEST_CASE("rich: a terminal gets colors, and the source line at its edge", "[LG-14]") {
    int master = -1;
    int slave = -1;
    winsize size{};
    size.ws_col = 100;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, &size) == 0);
    const UniqueFd owned_master(master);
    const UniqueFd owned_slave(slave);
    const KeepConfig keep;
    log::basic_config({.level = Level::kInfo, .log_format = Format::kRich, .stream = slave});
    log::error("app", "h\xC3\xA4");
    std::string text;
    REQUIRE(test::wait_until(
        [&] {
            return (text += test::text_available(owned_master)).find('\n') != std::string::npos;
        },
        std::chrono::seconds(10)));
    CHECK_THAT(text, contains("\033[1;31mERROR   \033[0m h\xC3\xA4"));
    const std::string shown = std::regex_replace(text, std::regex("\033\\[[0-9;]*m"), "");
    // \r\n of the terminal; the umlaut is one column and two bytes
    CHECK(shown.size() == 100 + 1 + 2);
    CHECK_THAT(shown, contains("  format_test.cpp:"));
}

TEST_CASE("rich_tb: the chain of exceptions, and the way there", "[LG-14][test_rich_tb_format]") {
    const auto log_it = [] { log::with_exception(nested_error()).error("app", "failed"); };
    const std::string rich = logged(in_format(Format::kRich), log_it);
    CHECK_THAT(rich, contains("\n                    std::runtime_error: cannot print"));
    CHECK_THAT(rich, !contains("caused by"));
    const std::string with_traceback = logged(in_format(Format::kRichTb), log_it);
    CHECK_THAT(with_traceback, contains("std::runtime_error: cannot print\n"));
    CHECK_THAT(with_traceback, contains("caused by std::out_of_range: no such page\n"));
    CHECK_THAT(with_traceback, contains("#0 ") && contains("test_log+0x"));
    CHECK_THAT(
        logged(in_format(Format::kRichTb), [] { log::error("app", "plain"); }), !contains("#0"));
}

TEST_CASE("text formats put an exception behind the message", "[LG-16]") {
    const auto log_it = [] { log::with_exception(nested_error()).error("app", "failed"); };
    const std::string chain =
        "failed\nstd::runtime_error: cannot print\ncaused by std::out_of_range: no such page\n";
    CHECK(logged(in_format(Format::kPlain), log_it) == chain);
    CHECK(logged(in_format(Format::kStream), log_it) == "ERROR:app:" + chain);
}

TEST_CASE("disabled: nothing of ours is written", "[LG-15][X11][test_disabled_returns_none]") {
    CHECK(logged(in_format(Format::kDisabled), [] {
              log::critical("app", "not seen");
              CHECK_FALSE(log::enabled(Level::kCritical));
          }).empty());
}

TEST_CASE(
    "every format writes to the stream that is configured",
    "[X4][test_rich_formatter_with_stream]") {
    const KeepConfig keep;
    const StderrCapture captured;
    for (const auto format :
         {Format::kStream,
          Format::kColor,
          Format::kJson,
          Format::kPlain,
          Format::kRich,
          Format::kRichTb}) {
        CAPTURE(log::format_name(format));
        const Ends ends = Ends::pipe();
        log::basic_config(
            {.level = Level::kInfo, .log_format = format, .stream = ends.writing.get()});
        log::info("app", "hello");
        CHECK_THAT(test::text_available(ends.reading), contains("hello") && test::ends_with("\n"));
        log::basic_config({.log_format = Format::kDisabled});
    }
    CHECK(captured.text().empty());
}

TEST_CASE("a record is one write, whatever the format", "[LG-08]") {
    const KeepConfig keep;
    for (const auto format :
         {Format::kStream, Format::kColor, Format::kJson, Format::kPlain, Format::kRich}) {
        const Ends ends = Ends::datagrams();
        log::basic_config(
            {.level = Level::kInfo, .log_format = format, .stream = ends.writing.get()});
        log::info("test", "first line");
        log::error("test", "second {}", std::string(5000, 'x'));
        CHECK(test::read_available(ends.reading).size() == 2);
        log::basic_config({.log_format = Format::kDisabled});
    }
}

TEST_CASE("a message that cannot be formatted is logged as the reason") {
    CHECK(logged(in_format(Format::kPlain), [] {
              log::info("app", fmt::runtime("{} {}"), 1);
          }) == "argument not found\n");
}

TEST_CASE(
    "sinks of formats can be made without configuring", "[LG-17][test_disabled_returns_none]") {
    CHECK(log::create_logging_handler(Format::kDisabled) == nullptr);
    const Ends ends = Ends::pipe();
    const auto handler = log::create_logging_handler(Format::kStream, "(date)", ends.writing.get());
    handler->emit(test::record_of("hello", Level::kWarning));
    CHECK(test::text_available(ends.reading) == "(date) WARNING:test:hello\n");
    const auto buffered = log::wrap_logging_handler(
        log::create_logging_handler(Format::kPlain, {}, ends.writing.get()));
    buffered->emit(test::record_of("one"));
    buffered->emit(test::record_of("two"));
    buffered->close();
    CHECK(test::text_available(ends.reading) == "one\ntwo\n");
}
