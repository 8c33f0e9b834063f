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

/// How many jobs there are, as far as is known.
struct JobCount {
    std::uint64_t jobs = 0;
    bool all = true;  ///< no more will come
};

/// Counts final results and says when the rule is met.
class HaltPolicy {
public:
    explicit HaltPolicy(HaltRule rule) : rule_(rule) {}

    /// Takes the final result of a job. A percentage is of all `total` jobs; while more may come,
    /// it needs three results, as one or two say nothing of the rest.
    ///
    /// Returns what to do from now on; once met, the rule stays met.
    HaltRule::When on_result(const JobResult& result, JobCount total);

    /// What aiomisc-run exits with because of the rule; none if only the failures count. With a
    /// percentage that is the percentage of failed jobs, whether it was met or not.
    [[nodiscard]] std::optional<int> exit_status() const noexcept;

private:
    [[nodiscard]] bool met(JobCount total) const noexcept;
    [[nodiscard]] int status_when_met(const JobResult& result, JobCount total) const noexcept;
    [[nodiscard]] int percentage_failed(std::uint64_t total) const noexcept;
    [[nodiscard]] std::uint64_t counted() const noexcept;

    [[nodiscard]] std::uint64_t done() const noexcept { return succeeded_ + failed_; }

    HaltRule rule_;
    std::uint64_t succeeded_ = 0;
    std::uint64_t failed_ = 0;
    std::optional<int> exit_status_;
};

}  // namespace aiomisc::cli
