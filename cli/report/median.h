// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace aiomisc::cli {

/// The median of the last hundred runtimes: what a job takes these days, whatever the first ones
/// took.
class RunningMedian {
public:
    using Duration = std::chrono::microseconds;

    void add(Duration runtime) noexcept;

    /// None before the first. Of an even number, the lower one.
    [[nodiscard]] std::optional<Duration> median() const noexcept;

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    std::array<Duration, 100> last_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace aiomisc::cli
