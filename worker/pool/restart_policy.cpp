// SPDX-License-Identifier: MIT
#include "restart_policy.h"

#include <algorithm>
#include <random>
#include <utility>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLeastImmediate = 10;
constexpr std::size_t kImmediateOfEach = 2;
constexpr std::size_t kLeastLimit = 20;
constexpr std::size_t kLimitOfEach = 5;
constexpr milliseconds kFirstDelay{100};
constexpr milliseconds kLongestDelay{5000};
constexpr std::size_t kShownDeaths = 3;

Duration with_jitter(milliseconds delay) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> factor(0.8, 1.2);
    return std::chrono::duration_cast<Duration>(delay * factor(random));
}

}  // namespace

RestartPolicy::RestartPolicy(
    std::size_t limit, std::chrono::milliseconds window, std::size_t workers)
    : limit_(limit > 0 ? limit : std::max(kLeastLimit, kLimitOfEach * workers)),
      immediate_(std::max(kLeastImmediate, kImmediateOfEach * workers)),
      window_(window) {}

std::optional<Duration> RestartPolicy::died(TimePoint now, std::string how) {
    while (!deaths_.empty() && now - deaths_.front().time > window_) {
        deaths_.pop_front();
    }
    deaths_.push_back({now, std::move(how)});
    if (deaths_.size() > limit_) {
        return std::nullopt;
    }
    if (deaths_.size() <= immediate_) {
        return Duration::zero();
    }
    const std::size_t doublings = std::min<std::size_t>(deaths_.size() - immediate_ - 1, 6);
    return with_jitter(std::min(kFirstDelay * (1 << doublings), kLongestDelay));
}

std::string RestartPolicy::history() const {
    std::string text;
    const std::size_t first = deaths_.size() > kShownDeaths ? deaths_.size() - kShownDeaths : 0;
    for (std::size_t index = first; index < deaths_.size(); ++index) {
        text += (text.empty() ? "" : "; ") + deaths_[index].how;
    }
    return text;
}

}  // namespace aiomisc::detail
