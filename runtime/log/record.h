// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/level.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>

#include <sys/types.h>

namespace aiomisc::log {

/// The value of a field. Numbers stay numbers in json.
using Value =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view>;

/// A key and a value that belong to a record besides its message. Refers to the caller's text.
struct Field {
    Field() = default;

    template <typename Given>
    Field(std::string_view field_key, const Given& given)
        : key(field_key), value(to_value(given)) {}

    std::string_view key;
    Value value = nullptr;

private:
    template <typename Given>
    static Value to_value(const Given& given) {
        if constexpr (std::is_same_v<Given, Value> || std::is_same_v<Given, bool>) {
            return given;
        } else if constexpr (std::is_null_pointer_v<Given>) {
            return nullptr;
        } else if constexpr (std::signed_integral<Given>) {
            return static_cast<std::int64_t>(given);
        } else if constexpr (std::unsigned_integral<Given>) {
            return static_cast<std::uint64_t>(given);
        } else if constexpr (std::floating_point<Given>) {
            return static_cast<double>(given);
        } else {
            static_assert(
                std::convertible_to<const Given&, std::string_view>,
                "a field is a number, a bool or text: format anything else");
            return std::string_view(given);
        }
    }
};

/// One thing that was logged, as sinks see it. Everything in it belongs to somebody else and is
/// valid during Sink::emit() only; the exception may be kept.
struct Record {
    Level level = Level::kInfo;
    std::string_view logger;
    std::string_view message;
    std::string_view format;                      ///< the message before its arguments were put in
    std::span<const std::string_view> arguments;  ///< each as text
    std::chrono::system_clock::time_point time;
    std::string_view thread_name;
    pid_t thread_id = 0;
    std::source_location location{};  ///< line() is 0 when it is not known
    std::span<const Field> fields;    ///< given by who logged
    std::span<const Field> context;   ///< where it was logged: task, worker, call
    std::exception_ptr exception;
    std::span<void* const> backtrace;  ///< return addresses, for rich_tb and unhandled exceptions
};

}  // namespace aiomisc::log
