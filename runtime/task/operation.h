// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task_handle.h>

#include <tuple>
#include <utility>

namespace aiomisc::detail {

/// What a primitive returns for `co_await`: which Waiter to make, and of what.
///
/// The Waiter itself lives in the awaiting frame and cannot be moved, while this can, so that it
/// may be given to wait_for() or select(), which run it as a task of its own. Awaited directly, it
/// costs no allocation.
template <typename Value, typename Waiter, typename... Arguments>
class [[nodiscard("an operation does nothing until it is awaited")]] Operation {
public:
    using value_type = Value;

    explicit Operation(Arguments... arguments) : arguments_(std::move(arguments)...) {}

    auto operator co_await() {
        return std::apply(
            [](Arguments&... arguments) { return Waiter(std::move(arguments)...); }, arguments_);
    }

private:
    std::tuple<Arguments...> arguments_;
};

template <typename Value, typename Waiter, typename... Arguments>
Task<Value> run_operation(Operation<Value, Waiter, Arguments...> operation) {
    co_return co_await operation;
}

/// Found by the arguments' namespace, which is this one.
template <typename Value, typename Waiter, typename... Arguments>
TaskHandle<Value> ensure_future(Operation<Value, Waiter, Arguments...> operation) {
    return create_task(run_operation(std::move(operation)));
}

}  // namespace aiomisc::detail
