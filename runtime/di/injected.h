// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace aiomisc {

/// The name of a dependency, with the type of what it stands for.
template <typename Value>
struct Dep {
    std::string name;
};

/// What an Injected has where nobody provides it: `Injected<int> limit = Default(10);`
template <typename Value>
struct Default {
    Value value;

    explicit Default(Value given) : value(std::move(given)) {}
};

namespace detail {
struct InjectedAccess;
}  // namespace detail

/// A member that is filled in before its service starts, see Injectable.
///
///     Injected<Engine> engine;                 // must be provided
///     Injected<int> limit = Default(10);       // may be provided
///     Api() = default;
///     explicit Api(int wanted) : limit(wanted) {}   // provided or not, this counts
///
/// Holds its part of what the program shares: the object lives as long as somebody holds it, though
/// its teardown, if it has one, runs when the program stops.
///
/// Affinity:  loop.
template <typename Value>
class Injected {
public:
    Injected() = default;

    /// Errors of the constructor of `Value`.
    template <typename Given>
        requires std::constructible_from<Value, Given>
    Injected(Default<Given> value)  // NOLINT(google-explicit-constructor)
        : default_(std::make_shared<Value>(std::move(value.value))) {}

    /// A value that no provider replaces. Assigning one later does the same.
    template <typename Given>
        requires(
            std::constructible_from<Value, Given> && !std::same_as<std::decay_t<Given>, Injected> &&
            !std::convertible_to<Given, std::shared_ptr<Value>>)
    Injected(
        Given&&
            value)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
        : given_(std::make_shared<Value>(std::forward<Given>(value))) {}

    /// The same, shared with others, or of a derived class.
    Injected(std::shared_ptr<Value> value)  // NOLINT(google-explicit-constructor)
        : given_(std::move(value)) {}

    /// Whether there is a value.
    explicit operator bool() const noexcept { return static_cast<bool>(shared()); }

    /// Errors: InvalidStateError (no value: the service was not started, or lists no such
    /// dependency).
    [[nodiscard]] Value& get() const {
        const std::shared_ptr<Value>& value = shared();
        if (!value) {
            throw InvalidStateError(
                name_.empty() ? "nothing was injected" : "nothing was injected as '" + name_ + "'");
        }
        return *value;
    }

    [[nodiscard]] Value& operator*() const { return get(); }

    [[nodiscard]] Value* operator->() const { return &get(); }

    /// To be kept elsewhere; null if there is no value.
    [[nodiscard]] const std::shared_ptr<Value>& shared() const noexcept {
        return given_ ? given_ : (provided_ ? provided_ : default_);
    }

private:
    friend struct detail::InjectedAccess;

    std::string name_;
    std::shared_ptr<Value> given_;
    std::shared_ptr<Value> provided_;
    std::shared_ptr<Value> default_;
};

}  // namespace aiomisc
