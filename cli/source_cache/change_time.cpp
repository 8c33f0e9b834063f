// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/change_time.h>

#include <chrono>
#include <ctime>
#include <thread>

namespace aiomisc::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

}  // namespace

std::int64_t change_time_now() {
    // Files are stamped by the coarse clock, since Linux 6.13 sometimes by the fine one, which is
    // ahead of it; from the step on that passes `called`, all later stamps are at or behind it.
    constexpr int kLongestStep = 100;
    const std::int64_t called = read_clock(CLOCK_REALTIME);
    std::int64_t now = read_clock(CLOCK_REALTIME_COARSE);
    // Bounded: somebody may set the clock back meanwhile.
    for (int turn = 0; now <= called && turn < kLongestStep; ++turn) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        now = read_clock(CLOCK_REALTIME_COARSE);
    }
    return now;
}

bool changed_before(std::int64_t changed_ns, std::int64_t moment) noexcept {
    // FAT keeps every other second.
    const std::int64_t step = changed_ns % kSecond == 0 ? 2 * kSecond : 1;
    return changed_ns < moment - moment % step;
}

}  // namespace aiomisc::cli
