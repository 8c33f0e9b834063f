// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/report/run_totals.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace aiomisc::cli {

/// What there is to say of a run beside what its jobs came to.
struct SummaryFacts {
    /// Jobs; none if input was left of which nobody knows how many it makes.
    std::optional<std::uint64_t> not_run = 0;
    std::chrono::milliseconds elapsed{};
    std::uint64_t done_before = 0;    ///< left out, since the job log has them
    std::uint64_t failed_before = 0;  ///< of these
    std::string how_to_go_on;         ///< the last line; empty: none
};

/// Whether to print the summary: in auto mode when something failed or was left undone, or after
/// two seconds on a terminal.
bool wants_summary(
    SummaryMode mode, const RunTotals& totals, const SummaryFacts& facts, bool terminal);

/// The last words of a run, for stderr: counts by cause, times, peak memory, the first failures.
/// Each line begins with `aiomisc-run: `; what comes from items is escaped.
std::string summary_text(const RunTotals& totals, const SummaryFacts& facts);

}  // namespace aiomisc::cli
