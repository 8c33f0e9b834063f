// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/summary.h>

#include "support/catch.h"

#include <aiomisc/cli/report/printable.h>

#include <csignal>

using namespace aiomisc::cli;
using aiomisc::test::contains;
using namespace std::chrono_literals;

namespace {

JobSpec job(std::uint64_t seq, std::string text = "cmd") {
    return {.seq = seq, .text = std::move(text)};
}

JobResult with(Cause cause, int status, int signal = 0, std::string error = {}) {
    return {.cause = cause, .exit_status = status, .signal = signal, .error = std::move(error)};
}

RunTotals failures(unsigned count) {
    RunTotals totals;
    for (unsigned seq = 1; seq <= count; ++seq) {
        totals.add(job(seq), with(Cause::kExit, 1));
    }
    return totals;
}

const HaltPolicy kNoHalt{HaltRule{}};

}  // namespace

TEST_CASE("the exit status counts failures up to a hundred", "[cli][report][L47]") {
    REQUIRE(exit_status(failures(0), kNoHalt) == 0);
    REQUIRE(exit_status(failures(2), kNoHalt) == 2);
    REQUIRE(exit_status(failures(100), kNoHalt) == 100);
    REQUIRE(exit_status(failures(150), kNoHalt) == 101);
    HaltPolicy halted(parse_halt_rule("now,fail=1"));
    halted.on_result(with(Cause::kExit, 7), {1});
    REQUIRE(exit_status(failures(3), halted) == 7);
}

TEST_CASE("a cause reads as a sentence would", "[cli][report]") {
    REQUIRE(describe_cause(with(Cause::kExit, 3)) == "exited with 3");
    REQUIRE(describe_cause(with(Cause::kExit, 1, 0, "no such size")) == "failed (no such size)");
    REQUIRE(describe_cause(with(Cause::kSignal, -1, SIGSEGV)) == "was killed by SIGSEGV");
    REQUIRE(
        describe_cause(with(Cause::kSignal, -1, SIGSEGV, "SIGSEGV at address 0x0")) ==
        "was killed by SIGSEGV at address 0x0");
    REQUIRE(describe_cause(with(Cause::kTimeout, -1, SIGTERM)) == "timed out (SIGTERM)");
    REQUIRE(describe_cause(with(Cause::kCancelled, -1)) == "was cancelled");
    REQUIRE(
        describe_cause(with(Cause::kLaunch, 127, 0, "not found")) == "was not started (not found)");
}

TEST_CASE("the summary counts by cause and names the first failures", "[cli][report]") {
    RunTotals totals = failures(11);
    totals.add(job(12), with(Cause::kSignal, -1, SIGKILL));
    JobResult good = with(Cause::kExit, 0);
    good.usage = {.user = 1500ms, .system = 500ms, .max_rss_kib = 50 * 1024};
    totals.add(job(13), good);
    const std::string text = summary_text(totals, {.not_run = 4, .elapsed = 12345ms});
    REQUIRE_THAT(
        text,
        contains("aiomisc-run: 13 jobs: 1 succeeded, 12 failed (11 by exit status, 1 killed by "
                 "a signal), 4 not run\n"));
    REQUIRE_THAT(text, contains("12.3 s wall, 2.0 s CPU, peak RSS of a job 50 MiB\n"));
    REQUIRE_THAT(text, contains("aiomisc-run: job 10 exited with 1: cmd\n"));
    REQUIRE_THAT(text, !contains("job 11 "));
    REQUIRE_THAT(text, contains("and 2 more\n"));
}

TEST_CASE("the summary leaves out what nobody knows", "[cli][report]") {
    const std::string text = summary_text(failures(1), {.not_run = std::nullopt, .elapsed = 1s});
    REQUIRE_THAT(
        text, contains("1 job: 0 succeeded, 1 failed (1 by exit status), the rest not run\n"));
    REQUIRE_THAT(text, contains("1.0 s wall\n"));
    REQUIRE(wants_summary(SummaryMode::kAuto, failures(0), {.not_run = std::nullopt}, false));
}

TEST_CASE("hostile commands do not reach the terminal raw", "[cli][report][S18][L46]") {
    RunTotals totals;
    totals.add(
        job(1, "echo \x1b[31mred\a\n" + std::string(500, 'x')),
        with(
            Cause::kExit,
            1,
            0,
            "\x9b"
            "2J"));
    const std::string text = summary_text(totals, {.elapsed = 1s});
    REQUIRE_THAT(text, contains("echo \\x1b[31mred\\x07\\n"));
    REQUIRE_THAT(text, contains("\\x9b2J"));
    REQUIRE(text.find_first_of("\x1b\a\x9b") == std::string::npos);
    REQUIRE(text.size() < 600);
}

TEST_CASE("the summary comes when there is something to say", "[cli][report]") {
    const RunTotals good = failures(0);
    const RunTotals bad = failures(1);
    REQUIRE_FALSE(wants_summary(SummaryMode::kAuto, good, {.elapsed = 1s}, true));
    REQUIRE(wants_summary(SummaryMode::kAuto, good, {.elapsed = 2s}, true));
    REQUIRE_FALSE(wants_summary(SummaryMode::kAuto, good, {.elapsed = 9s}, false));
    REQUIRE(wants_summary(SummaryMode::kAuto, bad, {}, false));
    REQUIRE(wants_summary(SummaryMode::kAuto, good, {.not_run = 3}, false));
    REQUIRE_FALSE(wants_summary(SummaryMode::kNever, bad, {.elapsed = 9s}, true));
    REQUIRE(wants_summary(SummaryMode::kAlways, good, {}, false));
}

TEST_CASE("what a terminal would act on is shown escaped", "[cli][report][S18]") {
    REQUIRE(printable("plain \u00e4\u20ac\U0001f600 text") == "plain \u00e4\u20ac\U0001f600 text");
    REQUIRE(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
    REQUIRE(printable(std::string_view("\0\x1b\x7f", 3)) == "\\x00\\x1b\\x7f");
    REQUIRE(
        printable("\xc2\x9b"
                  "31m") == "\\x9b31m");                               // C1 as UTF-8
    REQUIRE(printable("\xff\xc3") == "\\xff\\xc3");                    // no UTF-8
    REQUIRE(printable("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
    REQUIRE(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
    REQUIRE(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond Unicode
    REQUIRE(printable("evil\u202egpj.exe") == "evil\\u202egpj.exe");
    REQUIRE(is_utf8("\u00e4"));
    REQUIRE_FALSE(is_utf8("\xe4"));
}
