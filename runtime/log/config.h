// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/level.h>
#include <aiomisc/runtime/log/sink.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::log {

/// What is left out comes from the environment, then from a default.
struct Config {
    /// Else `AIOMISC_LOG_LEVEL`, else info.
    std::optional<Level> level{};
    /// Else `AIOMISC_LOG_FORMAT`, else default_format().
    std::optional<Format> log_format{};
    /// A strftime pattern. Else `AIOMISC_LOG_DATE_FORMAT`, else the format's own: a date for color,
    /// the time for rich, none for stream and json. In json `%s` gives seconds as a number.
    std::optional<std::string> date_format{};
    /// The descriptor that gets the lines; it stays yours, and must live as long as it is
    /// configured. Else stdout for json, stderr for the others.
    std::optional<int> stream{};
    /// Sinks of your own, besides the one of the format.
    std::vector<std::shared_ptr<Sink>> handlers{};
    /// Is given every sink, ours too, and returns the one to use instead.
    std::function<std::shared_ptr<Sink>(std::shared_ptr<Sink>)> handler_wrapper{};
    /// Whether a thread writes: see ThreadedHandler. Else `AIOMISC_LOG_BUFFERING`, else no.
    std::optional<bool> buffered{};
    /// Records that may wait for each sink. Else `AIOMISC_LOG_BUFFER_SIZE`, else
    /// `AIOMISC_LOG_BUFFER`, else 1024.
    std::optional<std::size_t> buffer_size{};
    /// Else `AIOMISC_LOG_FLUSH`, in seconds, else 0.2.
    std::optional<std::chrono::milliseconds> flush_interval{};
    /// See ThreadedOptions.
    std::chrono::milliseconds stall_limit{200};
};

/// Sets where this process logs, how and what.
///
/// May be called again at any time: what was logged before is flushed first, what other threads log
/// meanwhile waits a moment, nothing is lost or torn. A call that fails changes nothing. Installs
/// the hook of unhandled.h. Processes forked later log like this one, but without buffers and
/// without `handlers`.
///
/// Errors:    ConfigError (an environment variable has no meaning; carries its name),
///            SystemError (no journal runs here), std::invalid_argument (a buffer of 0).
/// Affinity:  any thread.
/// Idea:      aiomisc_log.basic_config.
void basic_config(const Config& config = {});

/// The sink of a format, as basic_config() makes it, without a buffer: for a program that does not
/// leave its logging to basic_config(). Null for disabled. `stream` and `date_format` as in Config,
/// without the environment.
///
/// Errors:    SystemError (no journal runs here).
/// Affinity:  any thread.
/// Idea:      aiomisc_log.create_logging_handler.
[[nodiscard]] std::shared_ptr<Sink> create_logging_handler(
    Format format, std::optional<std::string> date_format = {}, std::optional<int> stream = {});

/// Writes what is buffered, as far as its targets take it.
///
/// Affinity:  any thread.
void flush() noexcept;

/// As configured last.
[[nodiscard]] Level level() noexcept;
[[nodiscard]] Format format() noexcept;
[[nodiscard]] std::optional<std::string> date_format();  ///< none: the format's own

/// What `AIOMISC_LOG_BUFFERING` says, if it is set: for a program with a default of its own.
[[nodiscard]] std::optional<bool> buffering_from_environment();

namespace detail {

/// Records below it are not wanted by anybody.
inline std::atomic<int> threshold{static_cast<int>(Level::kInfo)};

}  // namespace detail

/// Whether a record of this level would be written.
[[nodiscard]] inline bool enabled(Level wanted) noexcept {
    return static_cast<int>(wanted) >= detail::threshold.load(std::memory_order_relaxed);
}

}  // namespace aiomisc::log
