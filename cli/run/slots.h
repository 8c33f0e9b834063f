// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/check.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace aiomisc::cli {

/// The places where jobs run, numbered from 1. The lowest free number is given out first.
class Slots {
public:
    explicit Slots(unsigned count) : taken_(count, false) {}

    [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

    /// One must be free.
    unsigned take() {
        const auto free = std::find(taken_.begin(), taken_.end(), false);
        AIOMISC_CHECK(free != taken_.end(), "a slot is taken when one is free");
        *free = true;
        ++in_use_;
        return static_cast<unsigned>(free - taken_.begin()) + 1;
    }

    void release(unsigned slot) {
        taken_[slot - 1] = false;
        --in_use_;
    }

private:
    std::vector<bool> taken_;
    std::size_t in_use_ = 0;
};

}  // namespace aiomisc::cli
