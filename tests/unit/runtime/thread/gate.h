// SPDX-License-Identifier: MIT
#pragma once

#include "support/wait_until.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace aiomisc::test {

/// Lets threads of a test wait for one another: counts how often it was passed to.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        ++opened_;
        changed_.notify_all();
    }

    /// Waits until it was opened `times` times; false after half a minute, which nothing here
    /// takes.
    bool wait(int times = 1) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(
            lock, std::chrono::seconds(30) * kPatience, [this, times] { return opened_ >= times; });
    }

    int opened() {
        const std::lock_guard lock(mutex_);
        return opened_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int opened_ = 0;
};

}  // namespace aiomisc::test
