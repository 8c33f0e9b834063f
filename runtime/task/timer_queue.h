// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/scheduler.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace aiomisc::detail {

/// `duration` after `now`, which is no earlier than the clock's epoch; the end of time if that is
/// later.
[[nodiscard]] constexpr TimePoint deadline_after(TimePoint now, Duration duration) noexcept {
    return duration < TimePoint::max() - now ? now + duration : TimePoint::max();
}

/// Timers by deadline, equal deadlines in the order of arming. A binary heap; a timer knows its
/// place in it, so that removing one costs O(log n).
class TimerQueue {
public:
    void add(TimerNode& timer, TimePoint deadline);
    void remove(TimerNode& timer) noexcept;

    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

    /// The earliest deadline.
    [[nodiscard]] std::optional<TimePoint> next() const noexcept;

    /// Removes and returns the earliest timer if its deadline is not after `now`, else null.
    TimerNode* pop_expired(TimePoint now) noexcept;

    /// Disarms everything and tells the timers that they will not fire.
    void drop_all() noexcept;

private:
    struct Entry {
        TimePoint deadline;
        std::uint64_t order = 0;
        TimerNode* timer = nullptr;

        bool operator<(const Entry& other) const noexcept {
            return deadline != other.deadline ? deadline < other.deadline : order < other.order;
        }
    };

    void place(std::size_t index, const Entry& entry) noexcept;
    void sift_up(std::size_t index, const Entry& entry) noexcept;
    void sift_down(std::size_t index, const Entry& entry) noexcept;

    std::vector<Entry> heap_;
    std::uint64_t order_ = 0;
};

}  // namespace aiomisc::detail
