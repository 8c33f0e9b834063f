// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/thread/iterator_wrapper.h>
#include <aiomisc/runtime/thread/yield.h>

#include <functional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace aiomisc {

namespace detail {

/// What a call of `Function` iterates over: what it yields, or the items of the range it returns.
template <typename Function, typename... Arguments>
struct IteratedValue {
    using type = std::ranges::range_value_t<std::invoke_result_t<Function&, Arguments...>>;
};

template <YieldingFunction Function, typename... Arguments>
struct IteratedValue<Function, Arguments...> {
    using type = YieldedValue<Function>;
};

/// Calls a producer with its arguments; the Yield comes first, after the object of a member
/// function.
template <typename Function, typename Value, typename... Arguments>
void call_producer(Function& function, Yield<Value>& yield, Arguments&&... arguments) {
    if constexpr (!YieldingFunction<Function>) {
        yield_all(std::invoke(function, std::forward<Arguments>(arguments)...), yield);
    } else if constexpr (std::is_member_function_pointer_v<Function>) {
        [&]<typename Object, typename... Rest>(Object&& object, Rest&&... rest) {
            std::invoke(function, std::forward<Object>(object), yield, std::forward<Rest>(rest)...);
        }(std::forward<Arguments>(arguments)...);
    } else {
        std::invoke(function, yield, std::forward<Arguments>(arguments)...);
    }
}

/// What threaded_iterable() and threaded_iterable_separate() have in common.
template <typename Function, template <typename> typename Iterator>
class ThreadedIterable {
    template <typename... Arguments>
    using Value = typename IteratedValue<Function, std::decay_t<Arguments>...>::type;

public:
    ThreadedIterable(Function function, IteratorOptions options)
        : function_(std::move(function)), options_(std::move(options)) {}

    /// An iterator over one run of the producer, with copies of the arguments.
    template <typename... Arguments>
    Iterator<Value<Arguments...>> operator()(Arguments&&... arguments) const {
        using Item = Value<Arguments...>;
        return Iterator<Item>(
            [function = function_,
             arguments = std::tuple<std::decay_t<Arguments>...>(
                 std::forward<Arguments>(arguments)...)](Yield<Item>& yield) mutable {
                std::apply(
                    [&](auto&... unpacked) {
                        call_producer(function, yield, std::move(unpacked)...);
                    },
                    arguments);
            },
            options_);
    }

    /// The same, by name.
    template <typename... Arguments>
    Iterator<Value<Arguments...>> async_call(Arguments&&... arguments) const {
        return (*this)(std::forward<Arguments>(arguments)...);
    }

    /// All items, made here and now.
    template <typename... Arguments>
    std::vector<Value<Arguments...>> sync_call(Arguments&&... arguments) const {
        using Item = Value<Arguments...>;
        std::vector<Item> items;
        Yield<Item> yield([&items](Item&& item) { items.push_back(std::move(item)); });
        Function function = function_;
        call_producer(function, yield, std::forward<Arguments>(arguments)...);
        return items;
    }

private:
    Function function_;
    IteratorOptions options_;
};

}  // namespace detail

/// Makes a producer that runs in the pool of the loop, and is iterated over:
///
///     const auto count = threaded_iterable([](Yield<int>& yield, int to) {
///         for (int number = 0; number < to; ++number) {
///             yield(number);
///         }
///     });
///     auto numbers = count(10);
///     while (auto number = co_await numbers.next()) { … }
///
/// The producer takes a Yield<>& first, or returns a range. What it throws before its first item is
/// thrown by the first next(). See IteratorWrapper.
///
/// Affinity:  any thread; what a call returns belongs to a loop.
/// Idea:      aiomisc.threaded_iterable.
template <typename Function>
auto threaded_iterable(Function function, IteratorOptions options = {}) {
    return detail::ThreadedIterable<Function, IteratorWrapper>(
        std::move(function), std::move(options));
}

/// As threaded_iterable(), with a thread of its own for each run.
///
/// Idea:      aiomisc.threaded_iterable_separate.
template <typename Function>
auto threaded_iterable_separate(Function function, IteratorOptions options = {}) {
    return detail::ThreadedIterable<Function, IteratorWrapperSeparate>(
        std::move(function), std::move(options));
}

/// threaded() of a function that yields: a threaded_iterable().
template <detail::YieldingFunction Function>
auto threaded(Function function) {
    return threaded_iterable(std::move(function));
}

template <detail::YieldingFunction Function>
auto threaded_separate(Function function) {
    return threaded_iterable_separate(std::move(function));
}

}  // namespace aiomisc
