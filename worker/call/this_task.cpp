// SPDX-License-Identifier: MIT
#include <aiomisc/worker/call/this_task.h>

#include "this_task_state.h"

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace aiomisc {

namespace detail {

ThisTask& this_task_state() noexcept {
    static ThisTask state;
    return state;
}

}  // namespace detail

namespace this_task {

namespace {

/// A cancellation between the check and the sleep would be slept through: look again this often.
constexpr std::chrono::milliseconds kRecheck{50};

}  // namespace

bool stop_requested() noexcept {
    const auto& state = detail::this_task_state();
    return state.page != nullptr && state.page->cancel_requested(state.sequence);
}

void check_cancelled() {
    if (stop_requested()) {
        throw CancelledError(CancelReason::kRequested);
    }
}

void sleep_for(std::chrono::nanoseconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    for (;;) {
        check_cancelled();
        const std::chrono::nanoseconds left = end - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds::zero()) {
            return;
        }
        const auto nap = std::min<std::chrono::nanoseconds>(left, kRecheck);
        const timespec time{
            static_cast<time_t>(nap.count() / 1'000'000'000),
            static_cast<long>(nap.count() % 1'000'000'000)};
        ::nanosleep(&time, nullptr);  // an interrupt is what ends it early
    }
}

std::uint32_t attempt() noexcept {
    return detail::this_task_state().attempt;
}

std::uint64_t call_id() noexcept {
    return detail::this_task_state().call_id;
}

std::uint32_t worker_id() noexcept {
    return detail::this_task_state().worker_id;
}

}  // namespace this_task

}  // namespace aiomisc
