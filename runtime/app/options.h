// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/sink.h>
#include <aiomisc/runtime/loop/event_loop.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc {

/// What happens when a service fails after it was started.
enum class OnServiceFailure {
    kLog,          ///< the error is logged, the others go on
    kStopService,  ///< the error is logged, and the service is stopped, with the error as reason
    kShutdown,     ///< the error is logged, and the program shuts down, with it as reason
};

/// How a program runs. What is not given is taken from the environment variable named, and what
/// that does not say has the default named last. A variable that makes no sense is an error that
/// names it.
///
/// Truth in variables: `1 true yes on enable enabled` and `0 false no off disable disabled`, in any
/// case.
struct EntrypointOptions {
    /// The loop to run on; it stays open, and its other tasks are not touched. None: a loop of our
    /// own, closed at the end.
    EventLoop* loop = nullptr;
    /// Makes our own loop; none: a plain EventLoop.
    std::function<std::unique_ptr<EventLoop>()> loop_factory{};
    /// Threads of the loop's default executor: `AIOMISC_POOL_SIZE`, else as many as the machine
    /// has processors, 4 at least and 32 at most.
    std::optional<std::size_t> pool_size{};

    /// Whether to configure logging; with false, what log::basic_config() was given stays:
    /// `AIOMISC_LOG_CONFIG`, true.
    std::optional<bool> log_config{};
    /// `debug`, `info`, …: `AIOMISC_LOG_LEVEL`, info.
    std::string log_level{};
    /// `color`, `json`, …: `AIOMISC_LOG_FORMAT`, what suits stderr.
    std::string log_format{};
    /// See log::Config::date_format, and likewise the next four.
    std::optional<std::string> log_date_format{};
    std::vector<std::shared_ptr<log::Sink>> log_handlers{};
    /// Between the start and the stop of the services: `AIOMISC_LOG_BUFFERING`, true. Before and
    /// after, what is logged is written at once.
    std::optional<bool> log_buffering{};
    std::optional<std::size_t> log_buffer_size{};
    std::optional<std::chrono::milliseconds> log_flush_interval{};

    /// Reports slow callbacks and tasks that were never awaited: `AIOMISC_DEBUG`, false.
    std::optional<bool> debug{};

    /// The signals that shut the program down. None: SIGINT and SIGTERM, but for those that are
    /// ignored, as by nohup; and no signal at all where the entrypoint is not made by the main
    /// thread. Empty: no signal.
    std::optional<std::vector<int>> catch_signals{};
    /// How long a shutdown by signal or request_shutdown() may take: `AIOMISC_SHUTDOWN_TIMEOUT` in
    /// seconds, 60. After it, what still runs is cancelled; a second later the process ends with
    /// code 70, whatever its threads do.
    std::optional<Duration> shutdown_timeout{};

    OnServiceFailure on_service_failure = OnServiceFailure::kLog;
};

namespace detail {

/// The options with everything decided.
struct Settings {
    std::optional<std::size_t> pool_size;
    bool log_config = true;
    bool log_buffering = true;
    bool debug = false;
    std::vector<int> signals;
    Duration shutdown_timeout{};
};

/// Errors: ConfigError.
Settings resolve(const EntrypointOptions& options);

}  // namespace detail

}  // namespace aiomisc
