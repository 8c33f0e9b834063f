// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <utility>
#include <vector>

namespace aiomisc {

namespace detail {

/// Cancels all but the calling task, now; awaiting the result waits until they ended.
Task<> cancel_members(CompletionSet::Members members);

}  // namespace detail

/// Cancels tasks, and waits until all of them have ended. Their errors are nobody's business.
///
/// The cancellation is requested before this returns; what is awaited is the end. Tasks that are
/// done are ignored, and so is the calling task.
///
/// Cancel:    cancels them again, and lasts until they ended.
/// Errors:    None of theirs.
/// Affinity:  loop.
/// Idea:      aiomisc.cancel_tasks.
template <typename Value>
Task<> cancel_tasks(const std::vector<TaskHandle<Value>>& handles) {
    return detail::cancel_members(detail::members_of(handles));
}

template <typename... Values>
Task<> cancel_tasks(const TaskHandle<Values>&... handles) {
    return detail::cancel_members({handles.state()...});
}

}  // namespace aiomisc
