// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace aiomisc {

namespace detail {
class NotifySocket;
struct SDWatchdogHooks;
}  // namespace detail

struct SDWatchdogOptions {
    /// How long systemd waits for a sign of life before it takes the program for hung. None:
    /// what systemd says (`WatchdogSec=`, by way of `WATCHDOG_USEC`); if it says nothing, no sign
    /// of life is sent.
    /// Units: a microsecond at least.
    std::optional<Duration> watchdog_interval{};
};

/// Tells systemd how the program fares: for units with `Type=notify` and `WatchdogSec=`.
///
///     aiomisc::Entrypoint entrypoint({}, std::make_shared<aiomisc::SDWatchdogService>(), server);
///
/// What is sent, each a datagram of its own; N is the number of services that are started or
/// stopped with this one:
///
/// | when | message |
/// |---|---|
/// | before the services start | `STATUS=Starting N services` |
/// | this one starts | `WATCHDOG_USEC=…` if the interval is not systemd's own |
/// | then, and every half interval | `WATCHDOG=1` |
/// | all have started | `STATUS=Started N services`, `READY=1` |
/// | before they stop | `STATUS=Stopping N services` |
/// | all have stopped | `STOPPING=1` |
///
/// `READY=1` is sent only if every service has started. The signs of life come from the loop, so a
/// loop that hangs gives none; they go on until the other services have stopped.
///
/// Without `NOTIFY_SOCKET` the service does nothing. What cannot be sent is logged as a warning.
/// STATUS, READY and STOPPING are sent by receivers that the plugin `systemd_watchdog` of this
/// library connects: with `AIOMISC_NO_PLUGINS` there are only signs of life.
///
/// Affinity:  loop.
/// Idea:      aiomisc.service.sdwatchdog.SDWatchdogService.
class SDWatchdogService final : public Service {
public:
    /// Reads the environment.
    /// Errors: ConfigError (the interval, or WATCHDOG_USEC, is no positive time).
    explicit SDWatchdogService(SDWatchdogOptions options = {});
    ~SDWatchdogService() override;

    Task<> start() override;
    Task<> stop(std::exception_ptr reason) override;

    /// What is used; none where nothing is sent.
    [[nodiscard]] std::optional<Duration> watchdog_interval() const noexcept { return interval_; }

private:
    friend struct detail::SDWatchdogHooks;

    void send(std::string_view message) noexcept;
    void end_pings() noexcept;

    std::shared_ptr<detail::NotifySocket> socket_;  ///< null: inert
    std::optional<Duration> interval_;
    bool announce_interval_ = false;
    bool hooked_ = false;  ///< the receiver of POST_STOP will end the pings
    TaskHandle<> pings_;
};

namespace detail {

/// The plugin `systemd_watchdog`.
void setup_systemd_watchdog();

}  // namespace detail

}  // namespace aiomisc
