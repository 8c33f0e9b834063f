// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/permit.h>

#include <aiomisc/runtime/base/check.h>

namespace aiomisc::detail {

void Permits::give_back() noexcept {
    if (ListWaiter* waiter = waiters_.first()) {
        waiters_.grant(*waiter);
        return;
    }
    AIOMISC_CHECK(!at_limit(), "a lock or a permit was given back twice");
    ++available_;
}

}  // namespace aiomisc::detail
