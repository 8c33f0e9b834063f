// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/collected_jobs.h>
#include <aiomisc/cli/input/job_filler.h>
#include <aiomisc/cli/input/job_source.h>
#include <aiomisc/cli/input/row_source.h>
#include <aiomisc/cli/input/source_spec.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace aiomisc::cli {

/// The end of the input side: numbered inputs, one for each job.
///
///     while (true) switch (inputs.next(input)) {
///         case Pull::kItem: …start the job…; break;
///         case Pull::kWait: co_await readable(inputs.wait_fd()); break;
///         case Pull::kEnd:  co_return;
///     }
class JobInputs final : public JobSource {
public:
    /// Opens all sources; standard input where there is none. With a header this waits for the
    /// first line of each.
    ///
    /// Errors:    SystemError (a file cannot be opened), UsageError (two sources read stdin, a bad
    ///            --colsep), Error (a broken header).
    static JobInputs open(const std::vector<SourceSpec>& sources, const InputOptions& options);

    JobInputs(std::unique_ptr<RowSource> rows, const InputOptions& options);

    /// Never blocks. `input` is set only with Pull::kItem.
    ///
    /// Errors:    those of the sources; Error (too many to be kept in memory).
    Pull next(JobInput& input) override;

    [[nodiscard]] int wait_fd() const noexcept override {
        return collecting_ ? -1 : rows_->wait_fd();
    }

    [[nodiscard]] InputShape shape() const;

    /// From here on each input tells the number of all jobs. If that is not `known`, they are read
    /// to the end before the first one is given.
    void provide_total(std::optional<std::uint64_t> known);

    /// With -X: how much a job can take.
    void set_room(JobRoom room);

    [[nodiscard]] std::optional<std::uint64_t> total() const noexcept override;

private:
    Pull deal(JobInput& input);
    Pull gather();
    Pull pull_row();
    Pull collect();

    std::unique_ptr<RowSource> rows_;
    unsigned rows_per_job_;
    bool without_items_;
    bool ended_ = false;
    std::uint64_t seq_ = 0;
    std::vector<std::string> items_;  // gathered for the next job
    unsigned gathered_rows_ = 0;
    std::optional<std::uint64_t> seed_;
    std::optional<JobFiller> filler_;  // -X
    std::optional<CollectedJobs> collected_;
    bool collecting_ = false;  // for a while already, and could go on at once
    std::uint64_t total_ = 0;  // for JobInput
};

}  // namespace aiomisc::cli
