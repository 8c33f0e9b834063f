// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/lock.h>

namespace aiomisc {

void Lock::release() {
    if (!locked()) {
        throw InvalidStateError("release of a lock that is not locked");
    }
    permits_.give_back();
}

}  // namespace aiomisc
