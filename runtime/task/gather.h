// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <tuple>
#include <utility>
#include <vector>

namespace aiomisc {

namespace detail {

/// Starts all, in the order of the arguments.
template <typename... Awaitables>
std::tuple<TaskHandle<AwaitableValue<Awaitables>>...> start_all(Awaitables&&... awaitables) {
    return {ensure_future(std::move(awaitables))...};
}

template <typename Value>
std::vector<TaskHandle<Value>> start_all(std::vector<Task<Value>> tasks) {
    std::vector<TaskHandle<Value>> handles;
    handles.reserve(tasks.size());
    for (auto& task : tasks) {
        handles.push_back(create_task(std::move(task)));
    }
    return handles;
}

/// Lets all go on without an owner. Dropping the handles would cancel what has not ended.
template <typename... Values>
void release_all(std::tuple<TaskHandle<Values>...>& handles) noexcept {
    std::apply([](auto&... handle) { (std::move(handle).release(), ...); }, handles);
}

template <typename Value>
void release_all(std::vector<TaskHandle<Value>>& handles) noexcept {
    for (auto& handle : handles) {
        std::move(handle).release();
    }
}

/// Waits until all have a value, or one has failed; returns the one that failed first, or null.
Task<Reference<Completion>> wait_for_failure(CompletionSet::Members members);

/// Throws what `failed` ended with, and lets the others go on.
template <typename Handles>
void throw_if_any(const Reference<Completion>& failed, Handles& handles) {
    if (failed) {
        release_all(handles);
        failed->throw_if_failed();
    }
}

}  // namespace detail

/// Starts all, and waits for their values, in the order of the arguments; void is std::monostate.
///
/// The first error, or cancellation, among them is thrown at once. The others go on in the
/// background then, and what becomes of them is not reported: to have them stopped, use a
/// TaskGroup.
///
/// Cancel:    cancels all, and lasts until they ended.
/// Errors:    the first error among them; CancelledError (one of them was cancelled).
/// Affinity:  loop.
/// Idea:      asyncio.gather.
/// See:       gather_settled() to have every outcome.
template <Awaitable... Awaitables>
Task<std::tuple<detail::Stored<AwaitableValue<Awaitables>>...>> gather(Awaitables... awaitables) {
    auto handles = detail::start_all(std::move(awaitables)...);
    detail::throw_if_any(co_await detail::wait_for_failure(detail::members_of(handles)), handles);
    co_return std::apply(
        [](auto&... handle) {
            return std::tuple<detail::Stored<AwaitableValue<Awaitables>>...>{
                handle.state()->take()...};
        },
        handles);
}

/// As above for any number of tasks, none included.
template <typename Value>
Task<std::vector<detail::Stored<Value>>> gather(std::vector<TaskHandle<Value>> handles) {
    detail::throw_if_any(co_await detail::wait_for_failure(detail::members_of(handles)), handles);
    std::vector<detail::Stored<Value>> values;
    values.reserve(handles.size());
    for (auto& handle : handles) {
        values.push_back(handle.state()->take());
    }
    co_return values;
}

template <typename Value>
Task<std::vector<detail::Stored<Value>>> gather(std::vector<Task<Value>> tasks) {
    co_return co_await gather(detail::start_all(std::move(tasks)));
}

}  // namespace aiomisc
