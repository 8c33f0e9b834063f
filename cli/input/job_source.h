// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/item_source.h>
#include <aiomisc/cli/job/job.h>

#include <cstdint>
#include <optional>

namespace aiomisc::cli {

/// Where a run gets its jobs from: numbered inputs, in the order of their numbers.
class JobSource {
public:
    JobSource() = default;
    JobSource(const JobSource&) = delete;
    JobSource& operator=(const JobSource&) = delete;
    JobSource(JobSource&&) = default;
    JobSource& operator=(JobSource&&) = default;
    virtual ~JobSource() = default;

    /// Never blocks. `input` is set only with Pull::kItem.
    ///
    /// Errors:    Error (the input cannot be read: the run must stop).
    virtual Pull next(JobInput& input) = 0;

    /// The descriptor to watch after Pull::kWait; -1 when the source may be asked again as soon as
    /// others had a turn.
    [[nodiscard]] virtual int wait_fd() const noexcept { return -1; }

    /// The number of jobs, once all were read; none before, and when they are not kept.
    [[nodiscard]] virtual std::optional<std::uint64_t> total() const noexcept {
        return std::nullopt;
    }
};

}  // namespace aiomisc::cli
