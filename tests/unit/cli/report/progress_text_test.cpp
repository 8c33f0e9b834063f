// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/progress_text.h>

#include "support/catch.h"

#include <aiomisc/cli/report/median.h>
#include <aiomisc/cli/report/terminal_line.h>
#include <aiomisc/runtime/log/config.h>
#include <aiomisc/runtime/log/log.h>

#include <cstdio>
#include <string>
#include <utility>

using namespace aiomisc::cli;
using namespace std::chrono_literals;

namespace {

ProgressState state() {
    return {
        .total = 1000,
        .done = 420,
        .failed = 5,
        .running = 4,
        .slots = 4,
        .elapsed = 34146ms,
        .median_runtime = 324ms};
}

const std::string kErase = "\r\x1b[J";

/// A line without wrapping, with the cursor at its beginning.
std::string drawn(const std::string& text) {
    return "\x1b[?7l" + text + "\r\x1b[?7h";
}

/// Columns of a bar; a middle dot is two bytes and one column.
std::size_t columns(const std::string& text) {
    std::size_t columns = 0;
    for (const char c : text) {
        columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    }
    return columns;
}

}  // namespace

TEST_CASE("the bar shows what is done, failed, running, how fast, and how long", "[cli][report]") {
    REQUIRE(
        bar_text(state(), {.width = 80, .utf8 = true}) ==
        " 42% [########>           ] 420/1000 \u00b7 5 failed \u00b7 4 running \u00b7 12.3/s "
        "\u00b7 ETA 0:47");
    REQUIRE(columns(bar_text(state(), {.width = 80, .utf8 = true})) <= 80);
}

TEST_CASE("a bar never gets wider than its terminal", "[cli][report]") {
    for (std::size_t width = 1; width < 200; ++width) {
        CAPTURE(width);
        REQUIRE(columns(bar_text(state(), {.width = width, .utf8 = true})) <= width);
        REQUIRE(bar_text(state(), {.width = width, .utf8 = false}).size() <= width);
    }
    REQUIRE(
        bar_text(state(), {.width = 40, .utf8 = false}) == " 42% 420/1000 | 5 failed | 4 running");
    REQUIRE(bar_text(state(), {.width = 12, .utf8 = false}) == " 42% 420/100");
}

TEST_CASE("without a total there is neither bar nor end in sight", "[cli][report]") {
    ProgressState endless = state();
    endless.total.reset();
    REQUIRE(
        bar_text(endless, {.width = 80, .utf8 = false}) == "420/? | 5 failed | 4 running | 12.3/s");
    REQUIRE_FALSE(time_left(endless));
}

TEST_CASE("the bar is empty at the start and full at the end", "[cli][report]") {
    REQUIRE(
        bar_text({.total = 10, .slots = 1}, {.width = 60, .utf8 = false}) ==
        "  0% [>                   ] 0/10 | 0 running | 0.0/s");
    ProgressState end{.total = 2, .done = 2, .elapsed = 1s, .median_runtime = 1s};
    REQUIRE(
        bar_text(end, {.width = 70, .utf8 = false}) ==
        "100% [####################] 2/2 | 0 running | 2.0/s | ETA 0:00");
    end.done = 3;  // more than was announced
    REQUIRE(time_left(end) == 0s);
    REQUIRE(bar_text({.total = 0}, {.width = 40, .utf8 = false}).substr(0, 4) == "  0%");
}

TEST_CASE("time left is the median for each job left, shared by the slots", "[cli][report]") {
    REQUIRE(time_left(state()) == 47s);
    ProgressState one = state();
    one.slots = 1;
    REQUIRE(time_left(one) == 188s);
    one.median_runtime.reset();
    REQUIRE_FALSE(time_left(one));
}

TEST_CASE("times read as clocks do", "[cli][report]") {
    REQUIRE(clock_text(0s) == "0:00");
    REQUIRE(clock_text(65s) == "1:05");
    REQUIRE(clock_text(3h + 2min + 1s) == "3:02:01");
    REQUIRE(clock_text(100h) == "100:00:00");
}

TEST_CASE("progress for logs and for programs", "[cli][report]") {
    REQUIRE(plain_text(state()) == "420/1000, 5 failed, 4 running, 12.3/s, ETA 0:47");
    const std::string json = json_text(state());
    REQUIRE(json.ends_with("}\n"));
    REQUIRE_THAT(
        json,
        aiomisc::test::contains(R"("done":420,"failed":5,"running":4,"total":1000,"share":0.42)"));
    REQUIRE_THAT(json, aiomisc::test::contains(R"("eta":47)"));
}

TEST_CASE("the median is of the last hundred runtimes", "[cli][report]") {
    RunningMedian median;
    REQUIRE_FALSE(median.median());
    median.add(5ms);
    REQUIRE(median.median() == 5ms);
    median.add(1ms);
    REQUIRE(median.median() == 1ms);
    median.add(9ms);
    REQUIRE(median.median() == 5ms);
    REQUIRE(median.count() == 3);
    for (int i = 0; i < 100; ++i) {
        median.add(70ms);
    }
    REQUIRE(median.median() == 70ms);
    REQUIRE(median.count() == 100);
}

TEST_CASE("the line is redrawn in place and lifted for what is printed above", "[cli][report]") {
    std::string terminal;
    TerminalLine line([&](std::string_view bytes) { terminal += bytes; });
    const auto take = [&] { return std::exchange(terminal, {}); };
    line.lift();
    REQUIRE(take().empty());  // nothing is there yet
    line.restore();
    REQUIRE(take().empty());
    line.show("one");
    REQUIRE(take() == kErase + drawn("one"));
    line.show("one");
    REQUIRE(take().empty());
    line.show("two");
    REQUIRE(take() == kErase + drawn("two"));
    line.lift();
    REQUIRE(take() == "\r\x1b[J");
    line.show("three");
    REQUIRE(take().empty());
    line.restore();
    REQUIRE(take() == kErase + drawn("three"));
    REQUIRE(line.is_drawn());
    line.remove();
    REQUIRE(take() == "\r\x1b[J");
    line.restore();
    REQUIRE(take().empty());
    REQUIRE_FALSE(line.is_drawn());
}

TEST_CASE("a line that is not finished is not drawn over", "[cli][report]") {
    std::string terminal;
    TerminalLine line([&](std::string_view bytes) { terminal += bytes; });
    const auto take = [&] { return std::exchange(terminal, {}); };
    line.show("bar");
    take();
    line.lift();
    line.printed("unfinished");
    line.restore();
    line.show("other bar");
    REQUIRE(take() == "\r\x1b[J");
    line.lift();
    line.printed(", finished\n");
    line.printed("");
    line.restore();
    REQUIRE(take() == kErase + drawn("other bar"));
    line.remove();
}

TEST_CASE("lines of the log are printed above the line", "[cli][report]") {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    aiomisc::log::basic_config(
        {.log_format = aiomisc::log::Format::kPlain, .stream = ::fileno(file)});
    {
        TerminalLine line([](std::string_view) {});
        line.show("bar");
        aiomisc::log::warning("test", "one");
        line.lift();
        aiomisc::log::warning("test", "two");
        line.restore();
        line.remove();
        aiomisc::log::warning("test", "three");
    }
    aiomisc::log::basic_config({.log_format = aiomisc::log::Format::kDisabled});
    std::rewind(file);
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    REQUIRE(text.find("\r\x1b[J") == 0);
    REQUIRE_THAT(text, aiomisc::test::contains("one\n" + drawn("bar")));
    REQUIRE(text.rfind("\x1b[J") == text.find("\x1b[J"));  // once only
    REQUIRE_THAT(text, aiomisc::test::contains("two\n"));
    REQUIRE_THAT(text, aiomisc::test::contains("three\n"));
}

TEST_CASE("colors take no columns", "[cli][report]") {
    const std::string plain = bar_text(state(), {.width = 80});
    std::string colored = bar_text(state(), {.width = 80, .colors = true});
    REQUIRE_THAT(colored, aiomisc::test::contains("\x1b[31m5 failed\x1b[0m"));
    REQUIRE_THAT(colored, aiomisc::test::contains("[\x1b[32m########>\x1b[0m "));
    for (const std::string code : {"\x1b[31m", "\x1b[32m", "\x1b[0m"}) {
        for (std::size_t at = 0; (at = colored.find(code)) != std::string::npos;) {
            colored.erase(at, code.size());
        }
    }
    REQUIRE(colored == plain);
}
