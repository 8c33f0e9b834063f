// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/log/log_reader.h>
#include <aiomisc/cli/resume/job_history.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace aiomisc::cli {

/// The text of the command that an input makes in this slot.
using CommandText = std::function<std::string(const JobInput& input, unsigned slot)>;

/// Finds jobs by their number, as GNU parallel does: the input must be the same as before, but for
/// what was added at its end. The last record of a number holds.
class HistoryBySeq final : public JobHistory {
public:
    /// With `command_now` check() compares it to the command in the log; without, any will do.
    /// `log` must outlive this.
    explicit HistoryBySeq(const LogReader& log, CommandText command_now = {})
        : log_(log), command_now_(std::move(command_now)) {}

    void begin_run(const LoggedRun&) override {}

    void add(const LoggedJob& job, std::uint64_t offset) override;

    [[nodiscard]] bool checks() const noexcept override { return bool(command_now_); }

    void check(const JobInput& input) const override;

    Past take(const JobInput& input) override;
    [[nodiscard]] std::vector<PastFailure> failures() const override;

private:
    struct Job {
        std::uint64_t command = 0;  ///< a hash of it
        std::uint64_t offset : 62 = 0;
        std::uint64_t failed : 1 = 0;
        std::uint64_t cancelled : 1 = 0;
    };

    const LogReader& log_;
    CommandText command_now_;
    std::unordered_map<std::uint64_t, Job> jobs_;
};

}  // namespace aiomisc::cli
