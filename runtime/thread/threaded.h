// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/thread/default_executor.h>
#include <aiomisc/runtime/thread/new_thread.h>
#include <aiomisc/runtime/thread/thread_call.h>
#include <aiomisc/runtime/thread/yield.h>

#include <functional>
#include <memory>
#include <utility>

namespace aiomisc {

namespace detail {

template <typename Value>
Task<Value> run_in_default_pool(std::shared_ptr<ThreadCallOf<Value>> call) {
    Future<Value> future = default_executor().submit_call(std::move(call));
    co_return co_await future;
}

template <typename Value>
Task<Value> run_in_thread_of_its_own(
    NewThreadOptions options, std::shared_ptr<ThreadCallOf<Value>> call) {
    Future<Value> future = run_call_in_new_thread(std::move(options), std::move(call));
    co_return co_await future;
}

/// What threaded() and threaded_separate() have in common.
template <typename Function, typename Launch>
class ThreadedFunction {
public:
    ThreadedFunction(Function function, Launch launch)
        : function_(std::move(function)), launch_(std::move(launch)) {}

    /// A task that calls the function in a thread, once it is awaited or spawned.
    ///
    /// The arguments are copied or moved now, and the context variables are those of now.
    ///
    /// Cancel:    ends the await at once; the thread is never stopped.
    /// Errors:    as ThreadPoolExecutor::submit().
    template <typename... Arguments>
    Task<ThreadResult<const Function&, Arguments...>> operator()(Arguments&&... arguments) const {
        using Result = ThreadResult<const Function&, Arguments...>;
        return launch_(std::make_shared<ThreadCallOf<Result>>(
            bind_call(function_, std::forward<Arguments>(arguments)...)));
    }

    /// The same, by name.
    template <typename... Arguments>
    Task<ThreadResult<const Function&, Arguments...>> async_call(Arguments&&... arguments) const {
        return (*this)(std::forward<Arguments>(arguments)...);
    }

    /// Calls the function here and now.
    template <typename... Arguments>
    decltype(auto) sync_call(Arguments&&... arguments) const {
        return std::invoke(function_, std::forward<Arguments>(arguments)...);
    }

private:
    Function function_;
    Launch launch_;
};

struct LaunchInDefaultPool {
    template <typename Value>
    Task<Value> operator()(std::shared_ptr<ThreadCallOf<Value>> call) const {
        return run_in_default_pool(std::move(call));
    }
};

struct LaunchInNewThread {
    template <typename Value>
    Task<Value> operator()(std::shared_ptr<ThreadCallOf<Value>> call) const {
        return run_in_thread_of_its_own(options, std::move(call));
    }

    NewThreadOptions options;
};

}  // namespace detail

/// Makes a function that runs in the default pool of the loop, and is awaited:
///
///     const auto read = threaded(read_file);
///     std::string text = co_await read(path);
///
/// A pointer to a member function takes the object, or a pointer to it, first. A function that
/// takes a Yield<> gives an iterator, see threaded_iterable().
///
/// Affinity:  any thread; what a call returns belongs to a loop.
/// Idea:      aiomisc.threaded.
/// Example:   tests/unit/runtime/thread/threaded_test.cpp
template <typename Function>
    requires(!detail::YieldingFunction<Function>)
auto threaded(Function function) {
    return detail::ThreadedFunction<Function, detail::LaunchInDefaultPool>(std::move(function), {});
}

/// As threaded(), with a new thread for each call; see run_in_new_thread().
///
/// Idea:      aiomisc.threaded_separate.
template <typename Function>
    requires(!detail::YieldingFunction<Function>)
auto threaded_separate(Function function, NewThreadOptions options = {}) {
    return detail::ThreadedFunction<Function, detail::LaunchInNewThread>(
        std::move(function), {std::move(options)});
}

}  // namespace aiomisc
