// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/log.h>

#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/base/error.h>

#include <cstdlib>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace aiomisc;
using test::contains;
using test::StderrCapture;

/// Sets an environment variable, and takes it back.
class Environment {
public:
    Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }

    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    ~Environment() { ::unsetenv(name_); }

private:
    const char* name_;
};

/// Leaves logging as it found it.
class KeepConfig {
public:
    KeepConfig() : level_(log::level()), format_(log::format()) {}

    KeepConfig(const KeepConfig&) = delete;
    KeepConfig& operator=(const KeepConfig&) = delete;

    ~KeepConfig() { log::basic_config({.level = level_, .log_format = format_}); }

private:
    log::Level level_;
    log::Format format_;
};

/// stderr as a socket that keeps what was written by each write().
class WriteCounter {
public:
    WriteCounter() : previous_(::dup(STDERR_FILENO)) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
        reading_ = UniqueFd(ends[0]);
        const UniqueFd writing(ends[1]);
        ::dup2(writing.get(), STDERR_FILENO);
    }

    WriteCounter(const WriteCounter&) = delete;
    WriteCounter& operator=(const WriteCounter&) = delete;

    ~WriteCounter() { ::dup2(previous_.get(), STDERR_FILENO); }

    [[nodiscard]] std::vector<std::string> writes() const {
        std::vector<std::string> found;
        char text[4096];
        ssize_t size = 0;
        while ((size = ::recv(reading_.get(), text, sizeof text, MSG_DONTWAIT)) > 0) {
            found.emplace_back(text, static_cast<std::size_t>(size));
        }
        return found;
    }

private:
    UniqueFd previous_;
    UniqueFd reading_;
};

}  // namespace

TEST_CASE("levels and formats have names, and are found by them") {
    for (const auto level :
         {log::Level::kNotset,
          log::Level::kDebug,
          log::Level::kInfo,
          log::Level::kWarning,
          log::Level::kError,
          log::Level::kCritical}) {
        CHECK(log::parse_level(log::level_name(level)) == level);
    }
    for (const auto format :
         {log::Format::kDisabled, log::Format::kStream, log::Format::kColor, log::Format::kPlain}) {
        CHECK(log::parse_format(log::format_name(format)) == format);
    }
    CHECK_THROWS_WITH(log::parse_level("loud"), contains("critical, error, warning, info, debug"));
    CHECK_THROWS_WITH(log::parse_format("neon"), contains("disabled, stream, color, plain"));
}

TEST_CASE("records below the level are not written") {
    const KeepConfig keep;
    log::basic_config({.level = log::Level::kWarning, .log_format = log::Format::kPlain});
    const StderrCapture captured;
    log::debug("test", "debug");
    log::info("test", "info");
    log::warning("test", "warning {}", 1);
    log::error("test", "error {}", "two");
    log::critical("test", "critical");
    CHECK(captured.text() == "warning 1\nerror two\ncritical\n");
    CHECK(log::enabled(log::Level::kError));
    CHECK_FALSE(log::enabled(log::Level::kInfo));
}

TEST_CASE("the formats differ in what they say besides the message") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kStream});
    log::warning("worker", "low on memory");
    CHECK(captured.text() == "WARNING:worker:low on memory\n");
    log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kDisabled});
    log::critical("worker", "not seen");
    CHECK(captured.text() == "WARNING:worker:low on memory\n");
    CHECK_FALSE(log::enabled(log::Level::kCritical));
    log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kColor});
    log::error("worker", "gone");
    const std::string line = captured.text().substr(captured.text().find('\n') + 1);
    const std::regex expected(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\d+\] )"
                              "\033\\[31mERROR:worker\033\\[0m: gone\n");
    CHECK(std::regex_match(line, expected));
}

TEST_CASE("a record is one write, whatever the format") {
    const KeepConfig keep;
    for (const auto format : {log::Format::kStream, log::Format::kColor, log::Format::kPlain}) {
        log::basic_config({.level = log::Level::kInfo, .log_format = format});
        const WriteCounter counter;
        log::info("test", "first line");
        log::error("test", "second line");
        CHECK(counter.writes().size() == 2);
    }
}

TEST_CASE("what is not configured comes from the environment") {
    const KeepConfig keep;
    const Environment level("AIOMISC_LOG_LEVEL", "error");
    const Environment format("AIOMISC_LOG_FORMAT", "stream");
    log::basic_config();
    CHECK(log::level() == log::Level::kError);
    CHECK(log::format() == log::Format::kStream);
    log::basic_config({.level = log::Level::kDebug});
    CHECK(log::level() == log::Level::kDebug);
    CHECK(log::format() == log::Format::kStream);
}

TEST_CASE("without any setting the level is info, and a file gets plain text") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config();
    CHECK(log::level() == log::Level::kInfo);
    CHECK(log::format() == log::Format::kPlain);
}

TEST_CASE("a wrong variable is refused by its name, and changes nothing") {
    const KeepConfig keep;
    log::basic_config({.level = log::Level::kError, .log_format = log::Format::kPlain});
    std::optional<ConfigError> error;
    {
        const Environment format("AIOMISC_LOG_FORMAT", "neon");
        try {
            log::basic_config();
        } catch (const ConfigError& caught) {
            error = caught;
        }
    }
    REQUIRE(error.has_value());
    CHECK(error->key() == "AIOMISC_LOG_FORMAT");
    CHECK(error->source() == "environment");
    CHECK_THAT(error->what(), contains("no log format neon"));
    CHECK(log::level() == log::Level::kError);
    const Environment level("AIOMISC_LOG_LEVEL", "loud");
    CHECK_THROWS_WITH(log::basic_config(), contains("AIOMISC_LOG_LEVEL"));
}

TEST_CASE("threads may log while logging is configured again") {
    const KeepConfig keep;
    const StderrCapture captured;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([] {
            for (int line = 0; line < 200; ++line) {
                log::error("test", "line {}", line);
            }
        });
    }
    for (int round = 0; round < 50; ++round) {
        log::basic_config(
            {.level = log::Level::kInfo,
             .log_format = round % 2 == 0 ? log::Format::kColor : log::Format::kStream});
    }
    for (auto& thread : threads) {
        thread.join();
    }
    const std::string text = captured.text();
    CHECK(std::count(text.begin(), text.end(), '\n') == 800);
}
