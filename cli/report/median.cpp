// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/median.h>

#include <algorithm>

namespace aiomisc::cli {

void RunningMedian::add(Duration runtime) noexcept {
    last_[next_] = runtime;
    next_ = (next_ + 1) % last_.size();
    count_ = std::min(count_ + 1, last_.size());
}

std::optional<RunningMedian::Duration> RunningMedian::median() const noexcept {
    if (count_ == 0) {
        return std::nullopt;
    }
    auto sorted = last_;
    auto* const middle = sorted.data() + (count_ - 1) / 2;
    std::nth_element(sorted.data(), middle, sorted.data() + count_);
    return *middle;
}

}  // namespace aiomisc::cli
