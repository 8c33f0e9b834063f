// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/semaphore.h>

namespace aiomisc {

void Semaphore::release() {
    if (permits_.at_limit()) {
        throw InvalidStateError("release of a bounded semaphore that has all of its permits");
    }
    permits_.give_back();
}

}  // namespace aiomisc
