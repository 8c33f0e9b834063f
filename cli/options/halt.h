// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace aiomisc::cli {

/// `--halt`: when to stop before the end of the input.
struct HaltRule {
    enum class When {
        kNever,
        kSoon,  ///< start nothing more
        kNow,   ///< and kill what runs
    };
    enum class Why { kFail, kSuccess, kDone };

    When when = When::kNever;
    Why why = Why::kFail;
    double threshold = 1;  ///< a number of jobs, or a percentage
    bool percent = false;

    friend bool operator==(const HaltRule&, const HaltRule&) = default;
};

/// `never`, `soon|now,fail|success|done=N|N%`, or GNU parallel's old 0, 1, 2, -1, -2.
/// Errors: UsageError.
HaltRule parse_halt_rule(std::string_view text);

/// Counts final results and says when the rule is met.
class HaltPolicy {
public:
    explicit HaltPolicy(HaltRule rule) : rule_(rule) {}

    /// Takes the final result of a job. `total` is the number of jobs there are, if it is known,
    /// else of those known so far; a percentage is of that, and needs three results.
    ///
    /// Returns what to do from now on; once met, the rule stays met.
    HaltRule::When on_result(const JobResult& result, std::uint64_t total);

    /// What aiomisc-run exits with because the rule was met; none if it was not.
    [[nodiscard]] std::optional<int> exit_status() const noexcept { return exit_status_; }

private:
    [[nodiscard]] std::uint64_t counted() const noexcept;

    HaltRule rule_;
    std::uint64_t succeeded_ = 0;
    std::uint64_t failed_ = 0;
    std::optional<int> exit_status_;
};

}  // namespace aiomisc::cli
