// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/summary.h>

#include <aiomisc/cli/report/printable.h>

#include <string_view>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kMaxCommand = 200;

// From here on the next larger unit is exact enough. In KiB.
constexpr std::uint64_t kManyKibibytes = 10 << 10;
constexpr std::uint64_t kManyMebibytes = 10 << 20;

struct CauseCount {
    Cause cause;
    std::string_view text;
};

constexpr CauseCount kCauses[] = {
    {Cause::kExit, "by exit status"},
    {Cause::kSignal, "killed by a signal"},
    {Cause::kTimeout, "timed out"},
    {Cause::kMemory, "over the memory limit"},
    {Cause::kCancelled, "cancelled"},
    {Cause::kLaunch, "not started"},
};

std::string size_text(std::uint64_t kib) {
    if (kib < kManyKibibytes) {
        return fmt::format("{} KiB", kib);
    }
    if (kib < kManyMebibytes) {
        return fmt::format("{} MiB", kib >> 10);
    }
    return fmt::format("{} GiB", kib >> 20);
}

std::string seconds_text(std::chrono::milliseconds time) {
    return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

std::string counts_line(const RunTotals& totals, const SummaryFacts& facts) {
    const std::uint64_t jobs = totals.succeeded() + totals.failed();
    std::string line =
        fmt::format("{} {}: {} succeeded", jobs, jobs == 1 ? "job" : "jobs", totals.succeeded());
    if (totals.failed() > 0) {
        line += fmt::format(", {} failed", totals.failed());
        std::string causes;
        for (const auto& [cause, text] : kCauses) {
            if (const auto count = totals.failed_by(cause); count > 0) {
                causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", count, text);
            }
        }
        line += " (" + causes + ")";
    }
    if (facts.not_run != 0) {
        line += facts.not_run ? fmt::format(", {} not run", *facts.not_run) : ", the rest not run";
    }
    if (facts.done_before > 0) {
        line += fmt::format(", {} done before", facts.done_before);
    }
    if (facts.failed_before > 0) {
        line += fmt::format(" ({} of them failed)", facts.failed_before);
    }
    return line;
}

std::string usage_line(const RunTotals& totals, std::chrono::milliseconds elapsed) {
    std::string line = seconds_text(elapsed) + " wall";
    // Nothing is known of what jobs that crashed in a worker have used.
    if (totals.peak_rss_kib() > 0) {
        line += fmt::format(
            ", {} CPU, peak RSS of a job {}",
            seconds_text(std::chrono::duration_cast<std::chrono::milliseconds>(totals.cpu_time())),
            size_text(totals.peak_rss_kib()));
    }
    return line;
}

// Cut between characters, so that half of one does not show up escaped.
std::string shortened(std::string_view command) {
    std::string_view rest = command;
    while (command.size() - rest.size() < kMaxCommand && !rest.empty()) {
        if (!take_utf8(rest)) {
            rest.remove_prefix(1);
        }
    }
    return printable(command.substr(0, command.size() - rest.size())) + (rest.empty() ? "" : "…");
}

}  // namespace

bool wants_summary(
    SummaryMode mode, const RunTotals& totals, const SummaryFacts& facts, bool terminal) {
    switch (mode) {
        case SummaryMode::kAlways:
            return true;
        case SummaryMode::kNever:
            return false;
        case SummaryMode::kAuto:
            break;
    }
    return totals.failed() > 0 || facts.failed_before > 0 || facts.not_run != 0 ||
           (terminal && facts.elapsed >= std::chrono::seconds(2));
}

std::string summary_text(const RunTotals& totals, const SummaryFacts& facts) {
    std::string text;
    const auto add = [&text](std::string_view line) {
        text += fmt::format("aiomisc-run: {}\n", line);
    };
    add(counts_line(totals, facts));
    add(usage_line(totals, facts.elapsed));
    for (const RunTotals::Failure& failure : totals.failures()) {
        add(fmt::format(
            "job {} {}: {}", failure.seq, shortened(failure.cause), shortened(failure.command)));
    }
    if (totals.failed() > totals.failures().size()) {
        add(fmt::format("and {} more", totals.failed() - totals.failures().size()));
    }
    if (!facts.how_to_go_on.empty()) {
        add(facts.how_to_go_on);
    }
    return text;
}

}  // namespace aiomisc::cli
