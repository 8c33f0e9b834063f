// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>

#include <type_traits>
#include <utility>

namespace aiomisc {

/// Through this a producer gives away its items, one call for each.
///
/// Blocks the producer while the iterator has as many items as it may hold.
///
/// Errors:    ChannelClosed (nobody wants more: let it pass, so that what the producer has on its
///            stack is cleaned up).
/// Affinity:  the producer's thread.
template <typename Value>
class Yield {
public:
    explicit Yield(UniqueFunction<void(Value&&)> sink) : sink_(std::move(sink)) {}

    void operator()(Value value) { sink_(std::move(value)); }

private:
    UniqueFunction<void(Value&&)> sink_;
};

namespace detail {

/// `type` is what a function yields whose first parameter is a Yield<>&.
template <typename Function>
struct YieldOf {};

template <typename Result, typename Value, typename... Arguments>
struct YieldOf<Result (*)(Yield<Value>&, Arguments...)> {
    using type = Value;
};

template <typename Result, typename Object, typename Value, typename... Arguments>
struct YieldOf<Result (Object::*)(Yield<Value>&, Arguments...)> {
    using type = Value;
};

template <typename Result, typename Object, typename Value, typename... Arguments>
struct YieldOf<Result (Object::*)(Yield<Value>&, Arguments...) const> {
    using type = Value;
};

template <typename Functor>
    requires requires { &Functor::operator(); }
struct YieldOf<Functor> : YieldOf<decltype(&Functor::operator())> {};

template <typename Function>
using YieldedValue = typename YieldOf<std::decay_t<Function>>::type;

template <typename Function>
concept YieldingFunction = requires { typename YieldedValue<Function>; };

}  // namespace detail

}  // namespace aiomisc
