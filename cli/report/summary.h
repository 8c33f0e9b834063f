// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/report/run_totals.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace aiomisc::cli {

/// Whether to print the summary: in auto mode when something failed or was left undone, or after
/// two seconds on a terminal.
bool wants_summary(
    SummaryMode mode,
    const RunTotals& totals,
    std::optional<std::uint64_t> not_run,
    std::chrono::milliseconds elapsed,
    bool terminal);

/// The last words of a run, for stderr: counts by cause, times, peak memory, the first failures.
/// Each line begins with `aiomisc-run: `; what comes from items is escaped. `not_run` is none if
/// input was left of which nobody knows how many jobs it makes.
std::string summary_text(
    const RunTotals& totals,
    std::optional<std::uint64_t> not_run,
    std::chrono::milliseconds elapsed);

}  // namespace aiomisc::cli
