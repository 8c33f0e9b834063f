// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/units.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// `--timeout`: how long an attempt may take. Neither: for ever.
struct TimeLimit {
    std::optional<Milliseconds> fixed;
    std::optional<double> percent_of_median;  ///< of the runtimes of successful jobs

    [[nodiscard]] bool any() const noexcept { return fixed || percent_of_median; }
};

/// `--retries`, `--retry-delay` and `--retry-on`.
struct RetryPolicy {
    unsigned attempts = 1;  ///< in all; 0 is without limit
    Milliseconds delay{0};  ///< before the second attempt
    Milliseconds max_delay{0};
    double factor = 1;  ///< each further delay is this much longer, up to max_delay

    /// What is worth another attempt. A job that could not be started counts as kExit.
    std::vector<Cause> causes{Cause::kExit, Cause::kTimeout, Cause::kSignal, Cause::kMemory};

    /// Whether an attempt that failed for `cause`, the last of `attempts_made`, is followed by
    /// another.
    [[nodiscard]] bool allows(unsigned attempts_made, Cause cause) const noexcept {
        const Cause counted = cause == Cause::kLaunch ? Cause::kExit : cause;
        return (attempts == 0 || attempts_made < attempts) &&
               std::find(causes.begin(), causes.end(), counted) != causes.end();
    }

    /// The pause after `attempts_made` failed attempts. `random`, in [0, 1), moves it by up to 20 %
    /// either way, so that jobs that failed together do not come back together.
    [[nodiscard]] Milliseconds pause_after(unsigned attempts_made, double random) const noexcept;
};

/// One rung of the kill ladder: the signal, and how long to wait before the next.
struct KillStep {
    int signal;
    Milliseconds wait;

    friend bool operator==(const KillStep&, const KillStep&) = default;
};

/// Ends with SIGKILL, always.
using KillLadder = std::vector<KillStep>;

/// TERM, 200 ms, TERM, 100 ms, TERM, 50 ms, KILL, 25 ms: GNU parallel's.
KillLadder default_kill_ladder();

/// `D` or `N%`. Errors: UsageError.
TimeLimit parse_time_limit(std::string_view text);

/// `D[:MAX[:FACTOR]]` into `policy`. D alone is constant; with MAX it doubles, or grows by FACTOR.
/// Errors: UsageError.
void parse_retry_delay(std::string_view text, RetryPolicy& policy);

/// `exit,timeout,signal,memory`, or some of them. Errors: UsageError.
std::vector<Cause> parse_retry_causes(std::string_view text);

/// `TERM,200,KILL,25`: signals by name or number, pauses in milliseconds. A ladder that does not
/// end with KILL gets it. Errors: UsageError.
KillLadder parse_kill_ladder(std::string_view text);

/// The number of a signal by its name, with or without SIG, or by its number.
std::optional<int> signal_number(std::string_view name);

}  // namespace aiomisc::cli
