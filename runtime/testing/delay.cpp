// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/testing/delay.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/wait_for.h>

namespace aiomisc::testing {

void Delay::set(Duration delay) noexcept {
    delay_ = delay;
    changed_.set();
    changed_.clear();
}

Task<> Delay::wait() {
    if (delay_ <= Duration::zero()) {
        co_return;
    }
    try {
        co_await wait_for(changed_.wait(), delay_);
    } catch (const TimeoutError&) {
        co_return;
    }
}

Task<bool> delayed(Duration delay) {
    co_await sleep(delay);
    co_return true;
}

}  // namespace aiomisc::testing
