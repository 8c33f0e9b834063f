// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/thread/yield.h>

#include <concepts>
#include <functional>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace aiomisc::detail {

/// What an iterator runs in its thread.
template <typename Value>
using Producer = UniqueFunction<void(Yield<Value>&)>;

template <typename Source, typename Value>
concept YieldingSource = std::invocable<Source&, Yield<Value>&>;

template <typename Source, typename Value>
concept PullSource =
    std::invocable<Source&> && std::same_as<std::invoke_result_t<Source&>, std::optional<Value>>;

template <typename Source, typename Value>
concept RangeOf = std::ranges::input_range<Source> &&
                  std::constructible_from<Value, std::ranges::range_reference_t<Source>>;

template <typename Source, typename Value>
concept RangeFactory = std::invocable<Source&> && RangeOf<std::invoke_result_t<Source&>, Value>;

/// What can give `Value`s from a thread: a function that takes a Yield<Value>&; one that returns
/// std::optional<Value>, empty at the end; a range; a function that returns a range.
template <typename Source, typename Value>
concept ProducerSource = YieldingSource<Source, Value> || PullSource<Source, Value> ||
                         RangeOf<Source, Value> || RangeFactory<Source, Value>;

template <typename Value, typename Range>
void yield_all(Range&& range, Yield<Value>& yield) {
    for (auto&& item : range) {
        yield(Value(std::forward<decltype(item)>(item)));
    }
}

template <typename Value, typename Source>
    requires ProducerSource<Source, Value>
Producer<Value> make_producer(Source source) {
    return [source = std::move(source)](Yield<Value>& yield) mutable {
        if constexpr (YieldingSource<Source, Value>) {
            std::invoke(source, yield);
        } else if constexpr (PullSource<Source, Value>) {
            while (std::optional<Value> item = source()) {
                yield(std::move(*item));
            }
        } else if constexpr (RangeOf<Source, Value>) {
            yield_all(source, yield);
        } else {
            yield_all(source(), yield);
        }
    };
}

}  // namespace aiomisc::detail
