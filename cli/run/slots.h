// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/semaphore.h>
#include <aiomisc/runtime/task/task.h>

#include <cstddef>
#include <vector>

namespace aiomisc::cli {

/// The places where jobs run, numbered from 1. The lowest free number is given out first.
class Slots {
public:
    explicit Slots(unsigned count) : taken_(count, false), count_(count), free_(count) {}

    /// Waits for a free slot and takes it.
    /// Cancel: ends at once; nothing was taken.
    Task<unsigned> acquire() {
        co_await free_.acquire();
        for (std::size_t index = 0;; ++index) {
            if (!taken_[index]) {
                taken_[index] = true;
                co_return static_cast<unsigned>(index + 1);
            }
        }
    }

    void release(unsigned slot) {
        taken_[slot - 1] = false;
        if (excess_ > 0) {
            --excess_;
        } else {
            free_.release();
        }
    }

    /// Of taken ones that are too many now, each is gone when it is released.
    void resize(unsigned count) {
        if (count > taken_.size()) {
            taken_.resize(count, false);
        }
        for (; count_ < count; ++count_) {
            if (excess_ > 0) {
                --excess_;
            } else {
                free_.release();
            }
        }
        for (; count_ > count; --count_) {
            if (!free_.try_acquire()) {
                ++excess_;
            }
        }
    }

private:
    std::vector<bool> taken_;
    unsigned count_;
    unsigned excess_ = 0;
    Semaphore free_;
};

}  // namespace aiomisc::cli
