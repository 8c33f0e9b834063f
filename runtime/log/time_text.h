// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <ctime>
#include <string>
#include <string_view>

namespace aiomisc::log::detail {

/// Local time by a strftime pattern, made anew once a second only. Not for several threads.
class TimeText {
public:
    explicit TimeText(std::string_view pattern) : pattern_(pattern) {}

    [[nodiscard]] bool wanted() const noexcept { return !pattern_.empty(); }

    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

    /// Valid until the next call.
    std::string_view of(std::chrono::system_clock::time_point time);

private:
    std::string pattern_;
    std::string text_;
    std::time_t second_ = -1;
};

}  // namespace aiomisc::log::detail
