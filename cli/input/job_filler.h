// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/row_source.h>
#include <aiomisc/cli/job/job.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// How much a job can take.
struct JobRoom {
    /// Whether a job with these items can be started. If it can, it can with fewer.
    std::function<bool(const JobInput& input)> fits;
    /// No job takes more than this, whatever becomes of the items in the command.
    std::size_t bytes = std::numeric_limits<std::size_t>::max();
    unsigned slots = 1;
};

/// Deals out as many rows a job as there is room for. What is left at the end of the input is
/// spread over the slots.
///
/// Reads ahead as much as one job can take.
class JobFiller {
public:
    /// `most`: rows a job, whatever else there is room for.
    explicit JobFiller(std::optional<unsigned> most)
        : most_(most.value_or(std::numeric_limits<unsigned>::max())) {}

    /// Without it there is room for everything.
    void set_room(JobRoom room) { room_ = std::move(room); }

    /// The items of the next job. A row that has no room at all is one by itself. Never blocks.
    Pull next(RowSource& rows, std::vector<std::string>& items);

private:
    Pull read(RowSource& rows);
    std::size_t rows_of_job();
    [[nodiscard]] bool fits(std::size_t rows) const;

    std::size_t most_;
    JobRoom room_;
    std::deque<Row> rows_;
    std::size_t bytes_ = 0;
    std::size_t guess_ = std::numeric_limits<std::size_t>::max();  // rows of the next job
    std::size_t share_ = 0;  // of each slot, when the input has ended
    bool ended_ = false;
};

}  // namespace aiomisc::cli
