// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/options.h>

#include <aiomisc/runtime/base/environment.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <vector>

#include <unistd.h>

namespace aiomisc {

namespace {

using namespace std::chrono_literals;

constexpr Duration kDefaultShutdownTimeout = 60s;

/// The signals that end a program. What is ignored, as by nohup, stays so.
std::vector<int> ending_signals() {
    if (::gettid() != ::getpid()) {
        return {};
    }
    std::vector<int> signals{SIGINT, SIGTERM};
    std::erase_if(signals, [](int signal) {
        struct sigaction current{};
        ::sigaction(signal, nullptr, &current);
        return current.sa_handler == SIG_IGN;
    });
    return signals;
}

std::optional<std::size_t> pool_size(const EntrypointOptions& options) {
    if (options.pool_size) {
        if (*options.pool_size == 0) {
            throw ConfigError("pool_size", "EntrypointOptions", "a pool has one thread at least");
        }
        return options.pool_size;
    }
    const auto number = environment::number("AIOMISC_POOL_SIZE");
    if (number && *number == 0) {
        throw ConfigError("AIOMISC_POOL_SIZE", "environment", "a pool has one thread at least");
    }
    return number;
}

Duration shutdown_timeout(const EntrypointOptions& options) {
    if (options.shutdown_timeout) {
        return *options.shutdown_timeout;
    }
    const auto seconds = environment::seconds("AIOMISC_SHUTDOWN_TIMEOUT");
    if (!seconds) {
        return kDefaultShutdownTimeout;
    }
    // A clock cannot count much further.
    constexpr double kLongest = 3600.0 * 24 * 365;
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(std::min(*seconds, kLongest)));
}

bool decide(std::optional<bool> option, const char* variable, bool otherwise) {
    return option ? *option : environment::boolean(variable).value_or(otherwise);
}

}  // namespace

detail::Settings detail::resolve(const EntrypointOptions& options) {
    return {
        .pool_size = pool_size(options),
        .log_config = decide(options.log_config, "AIOMISC_LOG_CONFIG", true),
        .log_buffering = decide(options.log_buffering, "AIOMISC_LOG_BUFFERING", true),
        .debug = decide(options.debug, "AIOMISC_DEBUG", false),
        .signals = options.catch_signals ? *options.catch_signals : ending_signals(),
        .shutdown_timeout = shutdown_timeout(options)};
}

}  // namespace aiomisc
