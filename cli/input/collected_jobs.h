// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace aiomisc::cli {

/// The inputs of all jobs, kept until the last one is known: to shuffle them, or to count them.
class CollectedJobs {
public:
    /// About as much memory as they may take.
    static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

    explicit CollectedJobs(std::size_t max_bytes = kMaxBytes) : left_(max_bytes) {}

    /// Errors:    Error (they are too many).
    void add(JobInput input);

    /// There will be no more.
    void complete() noexcept { complete_ = true; }

    [[nodiscard]] bool is_complete() const noexcept { return complete_; }

    /// The same seed always gives the same order.
    void shuffle(std::uint64_t seed);

    /// How many were added.
    [[nodiscard]] std::uint64_t count() const noexcept { return inputs_.size(); }

    /// Takes the next one. False if there is none.
    bool next(JobInput& input);

private:
    std::vector<JobInput> inputs_;
    std::size_t at_ = 0;
    std::size_t left_;  // bytes
    bool complete_ = false;
};

}  // namespace aiomisc::cli
