// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/level.h>

#include "log_harness.h"

#include <pty.h>
#include <sys/stat.h>

namespace {

using namespace aiomisc;
using log::Format;
using log::Level;
using test::contains;
using test::Environment;

}  // namespace

TEST_CASE("formats have the numbers of Python's", "[LG-05][test_all_values]") {
    const std::vector<std::pair<Format, int>> numbers{
        {Format::kDisabled, -1},
        {Format::kStream, 0},
        {Format::kColor, 1},
        {Format::kJson, 2},
        {Format::kSyslog, 3},
        {Format::kPlain, 4},
        {Format::kJournald, 5},
        {Format::kRich, 6},
        {Format::kRichTb, 7}};
    for (const auto& [format, number] : numbers) {
        CHECK(static_cast<int>(format) == number);
        CHECK(log::parse_format(log::format_name(format)) == format);
    }
    const std::vector<std::string_view> names{
        "disabled", "stream", "color", "json", "syslog", "plain", "journald", "rich", "rich_tb"};
    CHECK(log::format_names() == names);
    CHECK_THROWS_WITH(
        log::parse_format("neon"), contains("no log format neon") && contains("rich, rich_tb"));
}

TEST_CASE("choices of formats are nine, in the order of their numbers", "[LG-05][test_choices]") {
    CHECK(log::format_names().size() == 9);
    int previous = -2;
    for (const auto name : log::format_names()) {
        CHECK(static_cast<int>(log::parse_format(name)) > previous);
        previous = static_cast<int>(log::parse_format(name));
    }
}

TEST_CASE("levels have the numbers of Python's", "[LG-06][test_all_values][test_choices]") {
    const std::vector<std::pair<std::string_view, int>> numbers{
        {"critical", 50},
        {"error", 40},
        {"warning", 30},
        {"info", 20},
        {"debug", 10},
        {"notset", 0}};
    std::vector<std::string_view> names;
    for (const auto& [name, number] : numbers) {
        names.push_back(name);
        CHECK(static_cast<int>(log::parse_level(name)) == number);
        CHECK(log::level_name(log::parse_level(name)) == name);
    }
    CHECK(log::level_names() == names);
}

TEST_CASE("a level is found by its number too", "[EP-06]") {
    CHECK(log::parse_level("30") == Level::kWarning);
    CHECK(log::parse_level("0") == Level::kNotset);
    CHECK_THROWS_WITH(
        log::parse_level("31"),
        contains("no log level 31") && contains("critical, error, warning"));
    CHECK_THROWS_AS(log::parse_level(""), std::invalid_argument);
    CHECK_THROWS_AS(log::parse_level("INFO "), std::invalid_argument);
}

TEST_CASE("what is no terminal gets plain text", "[LG-05][test_default_non_tty]") {
    const test::StderrCapture captured;
    CHECK(log::default_format() == Format::kPlain);
}

TEST_CASE("a terminal gets columns", "[LG-05][test_default_tty_with_rich]") {
    int master = -1;
    int slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    const UniqueFd owned_master(master);
    const UniqueFd owned_slave(slave);
    const UniqueFd previous(::dup(STDERR_FILENO));
    ::dup2(slave, STDERR_FILENO);
    const Format format = log::default_format();
    ::dup2(previous.get(), STDERR_FILENO);
    CHECK(format == Format::kRich);
}

TEST_CASE("the journal's own stream gets journal records", "[LG-05][test_default_journald]") {
    const test::StderrCapture captured;
    struct stat status{};
    REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
    const auto device = std::to_string(status.st_dev);
    const auto inode = std::to_string(status.st_ino);
    {
        const Environment stream("JOURNAL_STREAM", device + ":" + inode);
        CHECK(log::default_format() == Format::kJournald);
    }
    for (const auto& other :
         {device + ":" + inode + "1", device + inode, ":" + inode, device + ":", inode + ":x"}) {
        CAPTURE(other);
        const Environment stream("JOURNAL_STREAM", other);
        CHECK(log::default_format() == Format::kPlain);
    }
}

TEST_CASE("date formats of the formats", "[LG-07][test_all_values]") {
    CHECK(log::default_date_format(Format::kColor) == "%Y-%m-%d %H:%M:%S");
    CHECK(log::default_date_format(Format::kStream) == "[%Y-%m-%d %H:%M:%S]");
    CHECK(log::default_date_format(Format::kJson) == "%s");
    CHECK(log::default_date_format(Format::kRich) == "[%X]");
    CHECK(log::default_date_format(Format::kRichTb) == "[%X]");
    CHECK(log::default_date_format(Format::kSyslog).empty());
    CHECK(log::default_date_format(Format::kPlain).empty());
}
