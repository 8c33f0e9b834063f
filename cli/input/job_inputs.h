// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/row_source.h>
#include <aiomisc/cli/input/source_spec.h>
#include <aiomisc/cli/job/job.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace aiomisc::cli {

/// The end of the input side: numbered inputs, one for each job.
///
///     while (true) switch (inputs.next(input)) {
///         case Pull::kItem: …start the job…; break;
///         case Pull::kWait: co_await readable(inputs.wait_fd()); break;
///         case Pull::kEnd:  co_return;
///     }
class JobInputs {
public:
    /// Opens all sources; standard input where there is none.
    ///
    /// Errors:    SystemError (a file cannot be opened), UsageError (two sources read stdin).
    static JobInputs open(const std::vector<SourceSpec>& sources, const InputOptions& options);

    JobInputs(std::unique_ptr<RowSource> rows, const InputOptions& options);

    /// Never blocks. `input` is set only with Pull::kItem.
    Pull next(JobInput& input);

    [[nodiscard]] int wait_fd() const noexcept { return rows_->wait_fd(); }

    /// Whether `{}` may stand for more than one item.
    [[nodiscard]] bool many_items() const noexcept;

private:
    Pull pull_row();

    std::unique_ptr<RowSource> rows_;
    unsigned rows_per_job_;
    bool without_items_;
    bool ended_ = false;
    std::uint64_t seq_ = 0;
    std::vector<std::string> items_;  // gathered for the next job
    unsigned gathered_rows_ = 0;
};

}  // namespace aiomisc::cli
