// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/limits.h>
#include <aiomisc/runtime/loop/basic_loop.h>
#include <aiomisc/runtime/sync/lock.h>
#include <aiomisc/runtime/task/task.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace aiomisc::cli {

/// What every attempt passes before it starts: `--delay`, `--load`, `--memfree`.
///
/// One passes at a time, in the order in which they came. A gate on load or memory that does not
/// open keeps the run waiting, also when nothing of it runs: the user wanted it so. It says on
/// stderr what it waits for, once.
///
/// Affinity:  loop.
class StartGate {
public:
    /// What the machine says of itself; none where it does not.
    struct Probes {
        std::function<std::optional<double>()> running_processes;
        std::function<std::optional<std::uint64_t>()> available_memory;
    };

    /// How often a closed gate is looked at.
    static constexpr Milliseconds kInterval{200};

    /// Between two starts under `--load` or `--memfree`, for the first to show in the numbers.
    static constexpr Milliseconds kSettleTime{50};

    /// A gate closed for so long says so.
    static constexpr Milliseconds kTellAfter{10'000};

    /// Errors:    UsageError (the system does not tell what a rule is about).
    StartGate(
        BasicLoop& loop,
        const StartRules& rules,
        unsigned cpus,
        Probes probes,
        std::function<void(const std::string&)> tell);

    /// Whether anybody would have to wait, ever.
    [[nodiscard]] bool exists() const noexcept { return rules_.any(); }

    /// Waits until a job may start, and takes it for started.
    ///
    /// Cancel:    ends at once; nothing was started.
    Task<> pass();

private:
    [[nodiscard]] Milliseconds least_gap() const noexcept;

    /// What keeps jobs from starting now; empty if nothing does.
    [[nodiscard]] std::string obstacle() const;

    Task<> until_open();

    BasicLoop& loop_;
    StartRules rules_;
    unsigned cpus_;
    Probes probes_;
    std::function<void(const std::string&)> tell_;
    Lock turn_;
    std::optional<TimePoint> last_start_;
    bool told_ = false;
};

}  // namespace aiomisc::cli
