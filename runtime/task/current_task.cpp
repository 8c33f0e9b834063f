// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/current_task.h>

namespace aiomisc {

CurrentTask current_task() {
    detail::TaskCore* core = detail::TaskCore::current();
    if (core == nullptr) {
        throw InvalidStateError("no task runs here");
    }
    return CurrentTask(*core);
}

}  // namespace aiomisc
