// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/services/sd_watchdog_service.h>

#include "notify_socket.h"

#include <aiomisc/runtime/base/environment.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/sleep.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <systemd/sd-daemon.h>

namespace aiomisc {

namespace {

using std::chrono::microseconds;

/// Of the loop's timers: less would keep the loop from everything else.
constexpr std::chrono::milliseconds kShortestPeriod{1};

/// What systemd asks for; none if it wants no signs of life from this process.
/// Errors: ConfigError.
std::optional<microseconds> interval_of_systemd() {
    std::uint64_t usec = 0;
    const int wanted = ::sd_watchdog_enabled(0, &usec);
    constexpr auto kLongest = static_cast<std::uint64_t>(
        std::chrono::duration_cast<microseconds>(Duration::max()).count());
    if (wanted < 0 || usec > kLongest) {
        throw ConfigError(
            "WATCHDOG_USEC",
            "environment",
            "not a positive number of microseconds, or bad WATCHDOG_PID");
    }
    return wanted == 0 ? std::nullopt : std::optional(microseconds(usec));
}

/// Holds no service: it may go while the task is being cancelled.
Task<> ping(std::shared_ptr<detail::NotifySocket> socket, Duration period) {
    for (;;) {
        socket->send("WATCHDOG=1");
        co_await sleep(period);
    }
}

std::vector<SDWatchdogService*> watchdogs_of(const ServiceEvent& event) {
    std::vector<SDWatchdogService*> result;
    for (const ServicePtr& service : event.services) {
        if (auto* watchdog = dynamic_cast<SDWatchdogService*>(service.get())) {
            result.push_back(watchdog);
        }
    }
    return result;
}

Task<> nothing() {
    co_return;
}

}  // namespace

SDWatchdogService::SDWatchdogService(SDWatchdogOptions options) {
    if (options.watchdog_interval && *options.watchdog_interval < microseconds(1)) {
        throw ConfigError("watchdog_interval", "SDWatchdogOptions", "less than a microsecond");
    }
    std::optional<std::string> address = environment::text("NOTIFY_SOCKET");
    if (!address) {
        return;
    }
    socket_ = std::make_shared<detail::NotifySocket>(std::move(*address));
    if (!options.watchdog_interval) {
        interval_ = interval_of_systemd();
        return;
    }
    interval_ = options.watchdog_interval;
    try {
        announce_interval_ = interval_ != interval_of_systemd();
    } catch (const ConfigError&) {
        announce_interval_ = true;  // said better by us
    }
}

SDWatchdogService::~SDWatchdogService() = default;

void SDWatchdogService::send(std::string_view message) noexcept {
    if (socket_) {
        socket_->send(message);
    }
}

void SDWatchdogService::end_pings() noexcept {
    pings_ = {};
}

Task<> SDWatchdogService::start() {
    if (!interval_) {
        co_return;
    }
    if (announce_interval_) {
        send(fmt::format(
            "WATCHDOG_USEC={}", std::chrono::duration_cast<microseconds>(*interval_).count()));
    }
    pings_ = aiomisc::create_task(
        loop(),
        ping(socket_, std::max<Duration>(*interval_ / 2, kShortestPeriod)),
        "systemd watchdog");
}

Task<> SDWatchdogService::stop(std::exception_ptr) {
    if (!hooked_) {
        end_pings();
    }
    co_return;
}

namespace detail {

/// The receivers of an entrypoint's signals.
struct SDWatchdogHooks {
    static Task<> pre_start(const ServiceEvent& event) {
        for (SDWatchdogService* watchdog : watchdogs_of(event)) {
            watchdog->hooked_ = true;
            watchdog->send(fmt::format("STATUS=Starting {} services", event.services.size()));
        }
        return nothing();
    }

    static Task<> post_start(const ServiceEvent& event) {
        for (SDWatchdogService* watchdog : watchdogs_of(event)) {
            watchdog->send(fmt::format("STATUS=Started {} services", event.services.size()));
            watchdog->send("READY=1");
        }
        return nothing();
    }

    static Task<> pre_stop(const ServiceEvent& event) {
        for (SDWatchdogService* watchdog : watchdogs_of(event)) {
            watchdog->send(fmt::format("STATUS=Stopping {} services", event.services.size()));
        }
        return nothing();
    }

    static Task<> post_stop(const ServiceEvent& event) {
        for (SDWatchdogService* watchdog : watchdogs_of(event)) {
            watchdog->end_pings();
            watchdog->send("STOPPING=1");
            if (watchdog->socket_) {
                watchdog->socket_->close();
            }
            watchdog->hooked_ = false;
        }
        return nothing();
    }
};

void setup_systemd_watchdog() {
    receiver(Entrypoint::PRE_START(), &SDWatchdogHooks::pre_start);
    receiver(Entrypoint::POST_START(), &SDWatchdogHooks::post_start);
    receiver(Entrypoint::PRE_STOP(), &SDWatchdogHooks::pre_stop);
    receiver(Entrypoint::POST_STOP(), &SDWatchdogHooks::post_stop);
}

}  // namespace detail

}  // namespace aiomisc
