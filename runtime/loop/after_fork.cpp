// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/after_fork.h>

#include <aiomisc/runtime/kj/event_port.h>
#include <aiomisc/runtime/task/context_var.h>
#include <aiomisc/runtime/task/task_core.h>

namespace aiomisc::detail {

void forget_loop_after_fork() noexcept {
    KjLoop::forget_after_fork();
    Scheduler::forget_current();
    TaskCore::forget_current();
    ContextValues::exchange_current(nullptr);
}

}  // namespace aiomisc::detail
