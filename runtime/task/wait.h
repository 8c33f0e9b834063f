// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace aiomisc {

enum class ReturnWhen : std::uint8_t {
    kAllCompleted,
    kFirstCompleted,
    kFirstException,  ///< an error; a cancelled task is none. Without one, when all completed
};

using enum ReturnWhen;

struct WaitOptions {
    ReturnWhen when = kAllCompleted;
    std::optional<Duration> timeout{};  ///< none: no limit
};

/// Places in the vector given to wait(), ascending.
struct WaitResult {
    std::vector<std::size_t> done;
    std::vector<std::size_t> pending;
};

namespace detail {

Task<WaitResult> wait_for_members(CompletionSet::Members members, WaitOptions options);

}  // namespace detail

/// Waits for several tasks and says which are done. The tasks stay the caller's, and their results
/// in the handles.
///
/// A cancelled task counts as done. No handle at all: returns at once.
///
/// Params:    `handles` is read before this returns.
/// Cancel:    ends at once; the tasks go on.
/// Errors:    None: neither those of the tasks, nor TimeoutError.
/// Affinity:  loop.
/// Idea:      asyncio.wait.
template <typename Value>
Task<WaitResult> wait(const std::vector<TaskHandle<Value>>& handles, WaitOptions options = {}) {
    return detail::wait_for_members(detail::members_of(handles), options);
}

}  // namespace aiomisc
