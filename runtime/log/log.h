// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/config.h>
#include <aiomisc/runtime/log/level.h>
#include <aiomisc/runtime/log/record.h>
#include <aiomisc/runtime/log/sink.h>

#include <concepts>
#include <exception>
#include <initializer_list>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>

/// Logging without a loop: usable alone, from any thread, and in worker processes.
///
///     log::basic_config({.level = log::Level::kDebug, .log_format = log::Format::kJson});
///     log::info("app", "{} files in {:.1f} s", files, seconds);
///     log::with({{"user", user_id}}).warning("app", "no quota left");
namespace aiomisc::log {

/// Writes one record. Never throws: a record that cannot be written is lost.
void write(Level level, std::string_view logger, std::string_view message) noexcept;

namespace detail {

/// A format that knows where in the program it stands.
template <typename... Arguments>
struct LocatedFormat {
    template <typename Text>
        requires std::convertible_to<const Text&, std::string_view>
    consteval LocatedFormat(  // NOLINT(google-explicit-constructor): stands for the format
        const Text& text,
        std::source_location place = std::source_location::current())
        : format(text), location(place) {}

    /// Of fmt::runtime().
    LocatedFormat(  // NOLINT(google-explicit-constructor)
        decltype(fmt::runtime(std::string_view())) text,
        std::source_location place = std::source_location::current())
        : format(text), location(place) {}

    fmt::format_string<Arguments...> format;
    std::source_location location;
};

template <typename... Arguments>
using Located = LocatedFormat<std::type_identity_t<Arguments>...>;

/// A Field with text of its own.
struct OwnedField {
    explicit OwnedField(const Field& field);

    [[nodiscard]] Field view() const;

    std::string key;
    std::variant<Value, std::string> value;
};

/// What a record has besides its message.
struct Attached {
    std::vector<OwnedField> fields;
    std::exception_ptr exception;
};

struct Call {
    Level level;
    std::string_view logger;
    const std::source_location& location;
    const Attached* attached = nullptr;
};

void write_formatted(
    const Call& call, fmt::string_view format, fmt::format_args arguments) noexcept;

}  // namespace detail

/// Writes a record of any level.
template <typename... Arguments>
void log(
    Level level,
    std::string_view logger,
    detail::Located<Arguments...> format,
    Arguments&&... arguments) {
    if (enabled(level)) {
        detail::write_formatted(
            {level, logger, format.location}, format.format, fmt::make_format_args(arguments...));
    }
}

template <typename... Arguments>
void debug(
    std::string_view logger, detail::Located<Arguments...> format, Arguments&&... arguments) {
    log<Arguments...>(Level::kDebug, logger, format, std::forward<Arguments>(arguments)...);
}

template <typename... Arguments>
void info(std::string_view logger, detail::Located<Arguments...> format, Arguments&&... arguments) {
    log<Arguments...>(Level::kInfo, logger, format, std::forward<Arguments>(arguments)...);
}

template <typename... Arguments>
void warning(
    std::string_view logger, detail::Located<Arguments...> format, Arguments&&... arguments) {
    log<Arguments...>(Level::kWarning, logger, format, std::forward<Arguments>(arguments)...);
}

template <typename... Arguments>
void error(
    std::string_view logger, detail::Located<Arguments...> format, Arguments&&... arguments) {
    log<Arguments...>(Level::kError, logger, format, std::forward<Arguments>(arguments)...);
}

template <typename... Arguments>
void critical(
    std::string_view logger, detail::Located<Arguments...> format, Arguments&&... arguments) {
    log<Arguments...>(Level::kCritical, logger, format, std::forward<Arguments>(arguments)...);
}

/// Fields and an exception for the records logged through it; holds copies, and may be kept.
///
///     const auto request_log = log::with({{"request", id}, {"seconds", 0.25}});
///     request_log.info("http", "done");
///     log::with_exception(std::current_exception()).error("http", "request failed");
///
/// Fields show in json, rich and journald; an exception shows in all formats. It costs a copy even
/// where the level is off: ask enabled() first where that matters.
///
/// Affinity:  any thread; const.
class With {
public:
    With() = default;

    [[nodiscard]] With with(std::initializer_list<Field> fields) const;
    [[nodiscard]] With with_exception(std::exception_ptr exception) const;

    template <typename... Arguments>
    void log(
        Level level,
        std::string_view logger,
        detail::Located<Arguments...> format,
        Arguments&&... arguments) const {
        if (enabled(level)) {
            detail::write_formatted(
                {level, logger, format.location, &attached_},
                format.format,
                fmt::make_format_args(arguments...));
        }
    }

    template <typename... Arguments>
    void debug(
        std::string_view logger,
        detail::Located<Arguments...> format,
        Arguments&&... arguments) const {
        log<Arguments...>(Level::kDebug, logger, format, std::forward<Arguments>(arguments)...);
    }

    template <typename... Arguments>
    void info(
        std::string_view logger,
        detail::Located<Arguments...> format,
        Arguments&&... arguments) const {
        log<Arguments...>(Level::kInfo, logger, format, std::forward<Arguments>(arguments)...);
    }

    template <typename... Arguments>
    void warning(
        std::string_view logger,
        detail::Located<Arguments...> format,
        Arguments&&... arguments) const {
        log<Arguments...>(Level::kWarning, logger, format, std::forward<Arguments>(arguments)...);
    }

    template <typename... Arguments>
    void error(
        std::string_view logger,
        detail::Located<Arguments...> format,
        Arguments&&... arguments) const {
        log<Arguments...>(Level::kError, logger, format, std::forward<Arguments>(arguments)...);
    }

    template <typename... Arguments>
    void critical(
        std::string_view logger,
        detail::Located<Arguments...> format,
        Arguments&&... arguments) const {
        log<Arguments...>(Level::kCritical, logger, format, std::forward<Arguments>(arguments)...);
    }

private:
    detail::Attached attached_;
};

[[nodiscard]] With with(std::initializer_list<Field> fields);
[[nodiscard]] With with_exception(std::exception_ptr exception);

}  // namespace aiomisc::log
