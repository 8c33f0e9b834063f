// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/cancel_tasks.h>

#include <aiomisc/runtime/task/task_core.h>

#include <utility>

namespace aiomisc::detail {

namespace {

bool is_calling_task(Completion& completion) noexcept {
    return TaskCore::current() != nullptr &&
           dynamic_cast<TaskCore*>(&completion) == TaskCore::current();
}

}  // namespace

Task<> cancel_members(CompletionSet::Members members) {
    std::erase_if(members, [](const auto& member) { return !member || is_calling_task(*member); });
    for (const auto& member : members) {
        member->mark_seen();
        member->cancel(CancelReason::kRequested);
    }
    return wait_until_ended(std::move(members));
}

}  // namespace aiomisc::detail
