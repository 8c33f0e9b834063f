// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/task/task.h>

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace aiomisc {

namespace detail {

/// What a provider gives, behind the pointer it may give it by.
template <typename Given>
struct Pointee {
    using Type = Given;

    static std::shared_ptr<Type> share(Given value) {
        return std::make_shared<Type>(std::move(value));
    }
};

template <typename Value>
struct Pointee<std::shared_ptr<Value>> {
    using Type = Value;

    static std::shared_ptr<Type> share(std::shared_ptr<Value> value) { return value; }
};

template <typename Value, typename Deleter>
struct Pointee<std::unique_ptr<Value, Deleter>> {
    using Type = Value;

    static std::shared_ptr<Type> share(std::unique_ptr<Value, Deleter> value) { return value; }
};

}  // namespace detail

/// A value with what is to be done when nobody uses it any more: what a provider returns that has
/// something to clean up.
///
///     aiomisc::Task<aiomisc::Resource<Engine>> pg_engine() {
///         co_return aiomisc::Resource(co_await Engine::connect(), &Engine::close);
///     }
///
/// Python writes this as a generator, with the teardown after the yield; here it is a function of
/// its own, which makes the type of the value visible, and lets no coroutine hang between two
/// lives.
///
/// `Given` may be a pointer, std::unique_ptr or std::shared_ptr, to what is provided: for what
/// cannot be moved, or is known by its base class.
template <typename Given>
class Resource {
public:
    using Value = typename detail::Pointee<Given>::Type;

    /// `teardown` takes a Value&, as a function, a lambda or a member function, and returns nothing
    /// or a Task<>.
    template <typename Teardown>
        requires std::invocable<Teardown&, Value&>
    Resource(Given value, Teardown teardown)
        : value_(detail::Pointee<Given>::share(std::move(value))) {
        teardown_ = [value = value_, teardown = std::move(teardown)]() mutable -> Task<> {
            if constexpr (std::is_same_v<std::invoke_result_t<Teardown&, Value&>, Task<>>) {
                return std::invoke(teardown, *value);
            } else {
                std::invoke(teardown, *value);
                return nothing();
            }
        };
    }

    [[nodiscard]] const std::shared_ptr<Value>& value() const noexcept { return value_; }

    /// Gives up the teardown to who will call it, once.
    [[nodiscard]] UniqueFunction<Task<>()> take_teardown() && noexcept {
        return std::move(teardown_);
    }

private:
    static Task<> nothing() { co_return; }

    std::shared_ptr<Value> value_;
    UniqueFunction<Task<>()> teardown_;
};

}  // namespace aiomisc
