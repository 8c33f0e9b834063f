// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/timer_queue.h>

#include "support/catch.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace {

using namespace aiomisc;

class Timer final : public detail::TimerNode {
public:
    void expire() noexcept override {}

    void drop_timer() noexcept override { dropped = true; }

    bool dropped = false;
};

/// What a TimerQueue promises, said in the simplest way: by deadline, then by order of arming.
class ReferenceQueue {
public:
    void add(Timer* timer, TimePoint deadline) {
        remove(timer);
        timers_.emplace(std::pair(deadline, order_++), timer);
    }

    void remove(Timer* timer) {
        std::erase_if(timers_, [timer](const auto& entry) { return entry.second == timer; });
    }

    Timer* pop_expired(TimePoint now) {
        if (timers_.empty() || timers_.begin()->first.first > now) {
            return nullptr;
        }
        Timer* timer = timers_.begin()->second;
        timers_.erase(timers_.begin());
        return timer;
    }

    [[nodiscard]] std::optional<TimePoint> next() const {
        return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first.first);
    }

private:
    std::map<std::pair<TimePoint, std::uint64_t>, Timer*> timers_;
    std::uint64_t order_ = 0;
};

}  // namespace

TEST_CASE("a timer queue does what a sorted map would do") {
    const auto seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    std::mt19937 random(seed);
    std::vector<Timer> timers(64);
    detail::TimerQueue queue;
    ReferenceQueue reference;
    TimePoint now{};
    for (int step = 0; step < 20'000; ++step) {
        Timer& timer = timers[random() % timers.size()];
        switch (random() % 4) {
            case 0:
            case 1: {
                // Few distinct deadlines, so that equal ones are common.
                const TimePoint deadline = now + Duration(random() % 32);
                queue.add(timer, deadline);
                reference.add(&timer, deadline);
                break;
            }
            case 2:
                queue.remove(timer);
                reference.remove(&timer);
                break;
            default:
                now += Duration(random() % 4);
                while (Timer* expected = reference.pop_expired(now)) {
                    REQUIRE(queue.pop_expired(now) == expected);
                    REQUIRE_FALSE(expected->armed());
                }
                REQUIRE(queue.pop_expired(now) == nullptr);
        }
        REQUIRE(queue.next() == reference.next());
    }
}

TEST_CASE("a deadline beyond the end of time is the end of time") {
    const TimePoint now(Duration(7));
    CHECK(detail::deadline_after(now, Duration(3)) == TimePoint(Duration(10)));
    CHECK(detail::deadline_after(now, Duration(-9)) == TimePoint(Duration(-2)));
    CHECK(detail::deadline_after(now, Duration::max() - Duration(8)) < TimePoint::max());
    CHECK(detail::deadline_after(now, Duration::max() - Duration(7)) == TimePoint::max());
    CHECK(detail::deadline_after(now, Duration::max()) == TimePoint::max());
    CHECK(detail::deadline_after(now, Duration::min()) < TimePoint());
}

TEST_CASE("dropping all timers disarms and tells each of them") {
    std::vector<Timer> timers(10);
    detail::TimerQueue queue;
    for (Timer& timer : timers) {
        queue.add(timer, TimePoint(Duration(5)));
    }
    queue.drop_all();
    CHECK(queue.empty());
    for (const Timer& timer : timers) {
        CHECK(timer.dropped);
        CHECK_FALSE(timer.armed());
    }
}
