// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <utility>

namespace aiomisc {

/// A member of an options struct that must be given: leaving it out does not compile.
///
///     struct EchoOptions {
///         Required<int> port;
///         std::string address = "localhost";
///     };
///     EchoOptions{.address = "::1"};   // error: no default constructor for port
///
/// Reads as the value itself.
///
/// Affinity:  as the value.
/// Idea:      aiomisc's Service.__required__.
template <typename Value>
class Required {
public:
    Required() = delete;

    template <typename Given>
        requires(
            std::constructible_from<Value, Given> && !std::same_as<std::decay_t<Given>, Required>)
    Required(
        Given&&
            value)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
        : value_(std::forward<Given>(value)) {}

    operator const Value&() const& noexcept {
        return value_;
    }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] const Value& value() const& noexcept { return value_; }

    [[nodiscard]] Value&& value() && noexcept { return std::move(value_); }

    const Value* operator->() const noexcept { return &value_; }

    const Value& operator*() const noexcept { return value_; }

private:
    Value value_;
};

}  // namespace aiomisc
