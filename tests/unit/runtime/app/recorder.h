// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/task/sleep.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace aiomisc::test {

/// What happened, in order.
using Events = std::vector<std::string>;

/// A service that notes what is done to it, and can be told to misbehave.
class Recorder final : public Service {
public:
    struct Options {
        std::string name = "service";
        std::function<Task<>(Recorder&)> start{};  ///< what start() does besides noting
        std::function<Task<>(Recorder&)> stop{};
    };

    Recorder(Events& events, Options options) : events_(events), options_(std::move(options)) {}

    [[nodiscard]] std::string name() const override { return options_.name; }

    Task<> start() override {
        note("start");
        if (options_.start) {
            try {
                co_await options_.start(*this);
            } catch (const CancelledError&) {
                note("cancelled");
                throw;
            }
        }
    }

    Task<> stop(std::exception_ptr reason) override {
        note(reason ? "stop: " + describe_exception(reason) : "stop");
        if (options_.stop) {
            co_await options_.stop(*this);
        }
    }

    void note(const std::string& what) { events_.push_back(options_.name + " " + what); }

    void begin(Task<> task, ServiceTaskOptions options = {}) {
        create_task(std::move(task), std::move(options));
    }

private:
    Events& events_;
    Options options_;
};

inline std::shared_ptr<Recorder> recorder(Events& events, Recorder::Options options = {}) {
    return std::make_shared<Recorder>(events, std::move(options));
}

/// A payload: ready at once, then there until it is cancelled.
inline Task<> serve_for_ever(Recorder& service) {
    service.start_event().set();
    co_await sleep(std::chrono::hours(1));
}

/// Quiet, and deaf to signals: for tests in this process.
inline EntrypointOptions quiet() {
    return {.log_config = false, .catch_signals = std::vector<int>()};
}

}  // namespace aiomisc::test
