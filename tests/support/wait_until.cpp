// SPDX-License-Identifier: MIT
#include "support/wait_until.h"

#include <algorithm>
#include <thread>

namespace aiomisc::test {

bool wait_until(const std::function<bool()>& condition, Milliseconds limit) {
    constexpr Milliseconds kLongestPause{20};
    const auto deadline = std::chrono::steady_clock::now() + limit * kPatience;
    for (Milliseconds pause{1};; pause = std::min(pause * 2, kLongestPause)) {
        if (condition()) {
            return true;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace aiomisc::test
