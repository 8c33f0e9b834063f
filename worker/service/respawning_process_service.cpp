// SPDX-License-Identifier: MIT
#include <aiomisc/worker/service/respawning_process_service.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/worker/pool/restart_policy.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace aiomisc {

RespawningProcessService::RespawningProcessService(RespawningProcessServiceOptions options)
    : ProcessService(
          {.name = options.name,
           .process_stop_timeout = options.process_stop_timeout,
           .limits = options.limits,
           .nice = options.nice,
           .statistic_name = options.statistic_name}),
      options_(std::move(options)) {}

/// Runs a process to its end, and tells how it ended.
Task<std::string> RespawningProcessService::one_process() {
    const bool is_first = !start_event().is_set();
    try {
        if (co_await open()) {
            start_event().set();
        }
    } catch (const InvalidStateError&) {
        throw;  // trying again does not help
    } catch (const std::exception& error) {
        if (is_first) {
            throw;
        }
        co_return error.what();
    }
    const Ending ending = co_await wait_for_end();
    if (!start_event().is_set() && !stopping()) {
        throw WorkerError(name() + ": did not start: " + ending.text);
    }
    co_return ending.text;
}

Task<> RespawningProcessService::start() {
    begin();
    detail::RestartPolicy restarts(options_.restart_limit, options_.restart_window, 1);
    for (;;) {
        const TimePoint began = loop().now();
        const std::string how = co_await one_process();
        if (stopping()) {
            co_return;
        }
        const auto delay = restarts.died(loop().now(), how);
        if (!delay) {
            throw WorkerError(name() + ": its process ends again and again: " + restarts.history());
        }
        const Duration wait =
            std::max<Duration>(*delay, began + options_.process_poll_timeout - loop().now());
        log::warning(
            "aiomisc.process",
            "{}: {}; another starts in {:.3f} s",
            name(),
            how,
            std::max(std::chrono::duration<double>(wait).count(), 0.0));
        if (co_await stopped_within(wait)) {
            co_return;
        }
    }
}

}  // namespace aiomisc
