// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

/// Logging without a loop: usable alone, from any thread, and in worker processes.
namespace aiomisc::log {

/// Numbers are those of Python's logging.
enum class Level : int {
    kNotset = 0,
    kDebug = 10,
    kInfo = 20,
    kWarning = 30,
    kError = 40,
    kCritical = 50
};

enum class Format : int {
    kDisabled = -1,  ///< nothing is written
    kStream = 0,     ///< `LEVEL:logger:message`
    kColor = 1,      ///< date, process and a colored level; what a terminal gets by default
    kPlain = 4,      ///< the message alone
};

struct Config {
    /// None: `AIOMISC_LOG_LEVEL`, else info.
    std::optional<Level> level{};
    /// None: `AIOMISC_LOG_FORMAT`, else color on a terminal and plain elsewhere.
    std::optional<Format> log_format{};
};

/// Sets level and format for this process; processes forked later by the library inherit them.
///
/// May be called again, and before or after a loop exists. Everything goes to stderr, one write per
/// line.
///
/// Errors:    ConfigError (an environment variable names no level or format; carries its name).
/// Affinity:  any thread.
/// Idea:      aiomisc_log.basic_config.
void basic_config(const Config& config = {});

[[nodiscard]] Level level() noexcept;
[[nodiscard]] Format format() noexcept;

/// `info` for Level::kInfo, as accepted by parse_level().
[[nodiscard]] std::string_view level_name(Level level) noexcept;
[[nodiscard]] std::string_view format_name(Format format) noexcept;

/// Errors: std::invalid_argument (no such name; lists the names there are).
[[nodiscard]] Level parse_level(std::string_view name);
[[nodiscard]] Format parse_format(std::string_view name);

[[nodiscard]] inline bool enabled(Level wanted) noexcept {
    return wanted >= level() && format() != Format::kDisabled;
}

/// Writes one record. Never throws: a record that cannot be written is lost.
void write(Level level, std::string_view logger, std::string_view message) noexcept;

namespace detail {

void write_formatted(
    Level level,
    std::string_view logger,
    fmt::string_view format,
    fmt::format_args arguments) noexcept;

}  // namespace detail

template <typename... Arguments>
void debug(
    std::string_view logger, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (enabled(Level::kDebug)) {
        detail::write_formatted(Level::kDebug, logger, format, fmt::make_format_args(arguments...));
    }
}

template <typename... Arguments>
void info(
    std::string_view logger, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (enabled(Level::kInfo)) {
        detail::write_formatted(Level::kInfo, logger, format, fmt::make_format_args(arguments...));
    }
}

template <typename... Arguments>
void warning(
    std::string_view logger, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (enabled(Level::kWarning)) {
        detail::write_formatted(
            Level::kWarning, logger, format, fmt::make_format_args(arguments...));
    }
}

template <typename... Arguments>
void error(
    std::string_view logger, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (enabled(Level::kError)) {
        detail::write_formatted(Level::kError, logger, format, fmt::make_format_args(arguments...));
    }
}

template <typename... Arguments>
void critical(
    std::string_view logger, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (enabled(Level::kCritical)) {
        detail::write_formatted(
            Level::kCritical, logger, format, fmt::make_format_args(arguments...));
    }
}

}  // namespace aiomisc::log
