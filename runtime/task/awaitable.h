// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <functional>
#include <type_traits>
#include <utility>

namespace aiomisc {

namespace detail {

template <typename Value>
Task<Value> ready_task(Value value) {
    co_return std::move(value);
}

inline Task<> ready_task() {
    co_return;
}

}  // namespace detail

/// Makes a function whose result is awaited, be it a coroutine or not: what can be awaited is
/// passed through as it is, any other value becomes a Task that is ready.
///
/// A plain function runs when it is called, not when the result is awaited.
///
/// Idea:      aiomisc.awaitable.
template <typename Function>
auto awaitable(Function function) {
    return [function = std::move(function)]<typename... Arguments>(Arguments&&... arguments) {
        using Result = std::invoke_result_t<const Function&, Arguments...>;
        if constexpr (std::is_void_v<Result>) {
            std::invoke(function, std::forward<Arguments>(arguments)...);
            return detail::ready_task();
        } else if constexpr (Awaitable<Result>) {
            return std::invoke(function, std::forward<Arguments>(arguments)...);
        } else {
            return detail::ready_task<std::decay_t<Result>>(
                std::invoke(function, std::forward<Arguments>(arguments)...));
        }
    };
}

}  // namespace aiomisc
