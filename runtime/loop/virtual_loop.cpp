// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/virtual_loop.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace aiomisc {

VirtualLoop::~VirtualLoop() {
    close();
}

void VirtualLoop::close(Duration limit) noexcept {
    end_all_tasks(limit);
    drop_callbacks();
}

void VirtualLoop::poll(bool wait) {
    if (!wait) {
        return;
    }
    const std::optional<TimePoint> next = timers().next();
    if (!next) {
        throw DeadlockError(fmt::format(
            "virtual loop: nothing is left to run, no timer is armed, and these tasks wait: {}",
            fmt::join(task_names(), ", ")));
    }
    now_ = std::max(now_, *next);
}

}  // namespace aiomisc
