// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/event.h>

namespace aiomisc {

void Event::set() noexcept {
    set_ = true;
    while (detail::ListWaiter* waiter = waiters_.first()) {
        waiters_.grant(*waiter);
    }
}

}  // namespace aiomisc
