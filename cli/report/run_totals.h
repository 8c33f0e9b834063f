// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/halt.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// What a run came to; fed with the final result of each job.
class RunTotals {
public:
    /// Remembered in detail; of the others only the number.
    static constexpr std::size_t kMaxFailures = 10;

    struct Failure {
        std::uint64_t seq;
        std::string cause;    ///< see describe_cause()
        std::string command;  ///< not escaped
    };

    void add(const JobSpec& job, const JobResult& result);

    [[nodiscard]] std::uint64_t succeeded() const noexcept { return succeeded_; }

    [[nodiscard]] std::uint64_t failed() const noexcept;

    [[nodiscard]] std::uint64_t failed_by(Cause cause) const noexcept {
        return failed_by_[static_cast<std::size_t>(cause)];
    }

    [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return failures_; }

    [[nodiscard]] std::chrono::microseconds cpu_time() const noexcept { return cpu_time_; }

    [[nodiscard]] std::uint64_t peak_rss_kib() const noexcept { return peak_rss_kib_; }

private:
    std::uint64_t succeeded_ = 0;
    std::array<std::uint64_t, 6> failed_by_{};
    std::vector<Failure> failures_;
    std::chrono::microseconds cpu_time_{};
    std::uint64_t peak_rss_kib_ = 0;
};

/// What became of a job, with the text of its error: `exited with 3`, `failed (no such size)`, `was
/// killed by SIGSEGV`, `timed out (SIGTERM)`, `was not started (No such file or directory)`.
std::string describe_cause(const JobResult& result);

/// The exit status of a run that came to its end, or was halted.
int exit_status(const RunTotals& totals, const HaltPolicy& halt) noexcept;

}  // namespace aiomisc::cli
