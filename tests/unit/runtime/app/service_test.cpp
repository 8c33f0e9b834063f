// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/service.h>

#include "recorder.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/app/entrypoint.h>

#include <chrono>
#include <stdexcept>
#include <type_traits>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

struct Plain : Service {
    Task<> start() override { co_return; }
};

Task<> note_end(Events* events, Duration length) {
    try {
        co_await sleep(length);
        events->push_back("ended");
    } catch (const CancelledError&) {
        events->push_back("cancelled");
        throw;
    }
}

}  // namespace

TEST_CASE(
    "a service must have a start", "[SV-01][SV-04][test_service_class][test_wrong_subclass]") {
    STATIC_REQUIRE(std::is_abstract_v<Service>);
    STATIC_REQUIRE_FALSE(std::is_abstract_v<Plain>);
}

TEST_CASE("before the start a service has no loop, event or context", "[SV-05][SV-06][SV-07]") {
    const Plain service;
    CHECK_THROWS_WITH(service.loop(), contains("Plain: the service has no loop"));
    CHECK_THROWS_WITH(service.start_event(), contains("no start event"));
    CHECK_THROWS_AS(service.context(), InvalidStateError);
}

ASYNC_TEST_CASE(
    "a started service has the loop, a new event, and the context",
    "[SV-05][SV-06][SV-07][test_loop_fixture]") {
    const auto service = std::make_shared<Plain>();
    Entrypoint entrypoint(quiet());
    co_await entrypoint.start();
    co_await entrypoint.start_services(service);
    CHECK(&service->loop() == &EventLoop::current());
    CHECK(&service->context() == &entrypoint.context());
    CHECK(service->start_event().is_set());
    co_await entrypoint.stop_services(service);
    service->set_loop(EventLoop::current());
    CHECK_FALSE(service->start_event().is_set());
    co_await entrypoint.stop();
}

ASYNC_TEST_CASE("tasks of a service end with it: cancelled, or awaited", "[SV-09][W-06]") {
    Events events;
    Events cancelled;
    Events awaited_events;
    Events limited;
    const auto service = recorder(
        events, {.start = [&](Recorder& self) -> Task<> {
            self.begin(note_end(&cancelled, 1h));
            self.begin(note_end(&awaited_events, 20ms), {.on_stop = OnStop::kAwait});
            self.begin(note_end(&limited, 1h), {.on_stop = OnStop::kAwait, .stop_timeout = 5ms});
            self.begin(note_end(&limited, 0ms));
            co_await sleep(2ms);
        }});
    Entrypoint entrypoint(quiet(), service);
    co_await entrypoint.start();
    CHECK(limited == Events{"ended"});
    CHECK(service->tasks() == 3);
    co_await entrypoint.stop();
    CHECK(cancelled == Events{"cancelled"});
    CHECK(awaited_events == Events{"ended"});
    CHECK(limited == Events{"ended", "cancelled"});
    co_await turns(2);
    CHECK(service->tasks() == 0);
}

ASYNC_TEST_CASE("an error of a service's task is reported once", "[SV-09][AS-11]") {
    Events events;
    const auto service = recorder(events, {.start = [&](Recorder& self) -> Task<> {
                                      self.begin(
                                          []() -> Task<> {
                                              throw std::runtime_error("task");
                                              co_return;
                                          }(),
                                          {.name = "worker"});
                                      co_return;
                                  }});
    Entrypoint entrypoint(quiet(), service);
    co_await entrypoint.start();
    while (service->tasks() > 0) {
        co_await turns(1);
    }
    const auto unhandled = unhandled_errors()->take();
    REQUIRE(unhandled.size() == 1);
    CHECK_THAT(unhandled.front(), contains("[worker]: std::runtime_error: task"));
    co_await entrypoint.stop();
}

ASYNC_TEST_CASE("a service that goes away takes its tasks along", "[SV-09]") {
    Events events;
    Events ends;
    {
        const auto service = recorder(events);
        service->set_loop(EventLoop::current());
        service->begin(note_end(&ends, 1h));
        co_await turns(2);
    }
    co_await turns(3);
    CHECK(ends == Events{"cancelled"});
}
