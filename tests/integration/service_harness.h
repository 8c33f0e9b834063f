// SPDX-License-Identifier: MIT
#pragma once

#include "integration/pool_harness.h"

#include <aiomisc/worker/service/process_service.h>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <sys/types.h>

// Process services in tests: what their processes do, and the part of an Entrypoint.
namespace aiomisc::test {

/// A service whose process does what the test says.
template <typename Base>
class Doing : public Base {
public:
    explicit Doing(std::function<void()> what, typename Base::ProcessOptions options = {})
        : Base(std::move(options)), what_(std::move(what)) {}

    void in_process() override {
        board().sign();
        what_();
    }

private:
    std::function<void()> what_;
};

/// Does for a service what an Entrypoint does: construction prepares and starts it.
class RunningService {
public:
    explicit RunningService(Service& service) : service_(service) {
        service.prepare();
        start();
    }

    /// Starts it again, after a stop.
    void start() {
        service_.set_loop(EventLoop::current());
        payload_ = create_task(service_.start(), service_.name());
    }

    /// Waits until it is ready, or failed.
    Task<> ready() {
        const bool settled = co_await eventually(
            [this] { return service_.start_event().is_set() || payload_.done(); });
        REQUIRE(settled);
    }

    Task<> stop() {
        co_await service_.stop(nullptr);
        if (payload_) {
            payload_.cancel();
            co_await settle(std::move(payload_));
        }
    }

    [[nodiscard]] bool payload_done() const { return payload_.done(); }

    /// Waits for the end of the payload: its error, or nothing.
    Task<std::string> end() {
        const auto outcome = co_await settle(std::move(payload_));
        co_return outcome.has_value() ? std::string() : text_of(outcome);
    }

private:
    Service& service_;
    TaskHandle<> payload_;
};

/// The parent of any process, 0 if it is gone.
pid_t parent_of(pid_t pid);

/// The name that ps shows, empty if it is gone.
std::string process_name(pid_t pid);

/// A metric of the ProcessServiceStatistic with that name.
double service_metric(std::string_view service, std::string_view metric);

}  // namespace aiomisc::test
