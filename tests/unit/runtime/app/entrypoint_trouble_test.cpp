// SPDX-License-Identifier: MIT

// What services, receivers and owners should not do, and what becomes of it.

#include "recorder.h"
#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

Task<> sleep_long(Recorder&) {
    co_await sleep(1h);
}

Task<> fail_when_cancelled(Recorder& self) {
    self.start_event().set();
    bool cancelled = false;
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        cancelled = true;
    }
    if (cancelled) {
        throw std::runtime_error("instead of ending");
    }
}

/// Its stop() is no coroutine, and throws at once.
struct Abrupt : Service {
    Task<> start() override { co_return; }

    Task<> stop(std::exception_ptr) override { throw std::runtime_error("abrupt"); }
};

struct Thrown {};

}  // namespace

ASYNC_TEST_CASE("a stop while services are still starting stops them once", "[EP-22]") {
    Events events;
    Entrypoint entrypoint(quiet());
    co_await entrypoint.start();
    const auto late = recorder(events, {.name = "late", .start = sleep_long});
    auto starting = create_task(entrypoint.start_services(late));
    co_await turns(3);
    co_await entrypoint.stop();
    const auto outcome = co_await settle(std::move(starting));
    CHECK(outcome.cancelled());
    CHECK(events == Events{"late start", "late cancelled", "late stop"});
}

ASYNC_TEST_CASE("a stop during PRE_START starts nothing any more", "[EP-20][EP-22]") {
    Events events;
    Entrypoint entrypoint(quiet());
    const auto slow = entrypoint.pre_start.connect([](const ServiceEvent& event) -> Task<> {
        if (!event.services.empty()) {
            co_await sleep(1h);
        }
    });
    co_await entrypoint.start();
    auto starting = create_task(entrypoint.start_services(recorder(events)));
    co_await turns(3);
    co_await entrypoint.stop();
    const auto outcome = co_await settle(std::move(starting));
    CHECK(outcome.cancelled());
    CHECK(events == Events{"service stop"});
}

ASYNC_TEST_CASE("two stops of one service stop it once, and both wait", "[EP-22][W-04]") {
    Events events;
    const auto service = recorder(events, {.stop = [](Recorder& self) -> Task<> {
                                      co_await turns(5);
                                      self.note("stopped");
                                  }});
    Entrypoint entrypoint(quiet(), service);
    co_await entrypoint.start();
    auto first = create_task(entrypoint.stop_services(service));
    co_await turns(2);
    auto second = create_task(entrypoint.stop_services(service));
    co_await turns(1);
    co_await entrypoint.stop();
    CHECK(events == Events{"service start", "service stop", "service stopped"});
    co_await first;
    co_await second;
}

TEST_CASE("a payload that fails because it is cancelled does no harm", "[EP-21][EP-22]") {
    for (const auto policy :
         {OnServiceFailure::kLog, OnServiceFailure::kStopService, OnServiceFailure::kShutdown}) {
        Events events;
        EntrypointOptions options = quiet();
        options.on_service_failure = policy;
        Entrypoint entrypoint(options, recorder(events, {.start = fail_when_cancelled}));
        const StderrCapture log;
        entrypoint.run_until_complete([]() -> Task<> { co_await turns(2); }());
        CHECK(events == Events{"service start", "service stop"});
        CHECK_THAT(log.text(), contains("std::runtime_error: instead of ending"));
    }
}

ASYNC_TEST_CASE("an entrypoint that goes too early stops in the background", "[EP-29]") {
    Events events;
    const StderrCapture log;
    {
        Entrypoint entrypoint(quiet(), recorder(events, {.start = serve_for_ever}));
        co_await entrypoint.start();
    }
    CHECK_THAT(log.text(), contains("an Entrypoint was destroyed before its end"));
    CHECK_THROWS_AS(Entrypoint::get_current(), InvalidStateError);
    co_await sleep(1ms);
    CHECK(events == Events{"service start", "service stop", "service cancelled"});
}

ASYNC_TEST_CASE("an owner that is cancelled in stop() may go at once", "[EP-23]") {
    Events events;
    auto owner = create_task([](Events* seen) -> Task<> {
        Entrypoint entrypoint(quiet(), recorder(*seen, {.stop = [](Recorder& self) -> Task<> {
                                  co_await turns(10);
                                  self.note("stopped");
                              }}));
        co_await entrypoint.start();
        co_await entrypoint.stop();
    }(&events));
    while (events.size() < 2) {
        co_await turns(1);
    }
    const StderrCapture log;
    owner.cancel();
    const auto outcome = co_await settle(std::move(owner));
    CHECK(outcome.cancelled());
    co_await sleep(1ms);
    CHECK(events == Events{"service start", "service stop", "service stopped"});
}

TEST_CASE("receivers of PRE_STOP may throw anything: the services stop", "[EP-22]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = serve_for_ever}));
    const auto cancelled = entrypoint.pre_stop.connect([]() -> Task<> {
        throw CancelledError();
        co_return;
    });
    const auto foreign = entrypoint.post_stop.connect([]() -> Task<> {
        throw Thrown();
        co_return;
    });
    const StderrCapture log;
    entrypoint.run_until_complete([]() -> Task<> { co_await turns(2); }());
    CHECK(events == Events{"service start", "service stop", "service cancelled"});
    CHECK_THAT(log.text(), contains("a receiver of PRE_STOP failed"));
    CHECK_THAT(log.text(), contains("a receiver of POST_STOP failed"));
}

TEST_CASE("a stop() that throws at once keeps no other from stopping", "[EP-22][W-22]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events), std::make_shared<Abrupt>());
    const StderrCapture log;
    CHECK_THROWS_WITH(
        entrypoint.run_until_complete([]() -> Task<> { co_await turns(2); }()), "abrupt");
    CHECK(events == Events{"service start", "service stop"});
    CHECK_THAT(log.text(), contains("Abrupt failed"));
}

TEST_CASE("a stop() that cancels itself has failed", "[EP-22]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.stop = [](Recorder&) -> Task<> {
                                                throw CancelledError();
                                                co_return;
                                            }}));
    const StderrCapture log;
    CHECK_THROWS_AS(
        entrypoint.run_until_complete([]() -> Task<> { co_await turns(2); }()), CancelledError);
    CHECK_THAT(log.text(), contains("stop of service failed"));
}

TEST_CASE("who stops the loop under a program gets its services stopped", "[EP-02]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = serve_for_ever}));
    CHECK_THROWS_WITH(
        entrypoint.run_until_complete([](Entrypoint* running) -> Task<> {
            running->loop().stop();
            co_await sleep(1h);
        }(&entrypoint)),
        contains("loop stopped before future completed"));
    CHECK(events.size() == 3);
    CHECK(events[2] == "service cancelled");
}

TEST_CASE("what belongs outside of the loop says so within", "[EP-02]") {
    Entrypoint entrypoint(quiet());
    entrypoint.run_until_complete([](Entrypoint* running) -> Task<> {
        CHECK_THROWS_WITH(running->close(), contains("co_await stop() within"));
        co_await running->stop();
        CHECK_THROWS_AS(running->close(), InvalidStateError);
    }(&entrypoint));
    entrypoint.close();
}

TEST_CASE("a loop that was closed by hand is left alone", "[EP-02]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = serve_for_ever}));
    entrypoint.open();
    entrypoint.loop().close();
    entrypoint.close();
    CHECK(events == Events{"service start", "service cancelled"});
}

ASYNC_TEST_CASE("a stop does not wait for itself", "[EP-22][W-01]") {
    Events events;
    std::optional<Entrypoint> entrypoint;
    std::string said;
    const auto service = recorder(events, {.stop = [&](Recorder&) -> Task<> {
                                      const auto outcome = co_await settle(entrypoint->stop());
                                      said = text_of(outcome);
                                  }});
    entrypoint.emplace(quiet(), service);
    co_await entrypoint->start();
    co_await wait_for(entrypoint->stop(), 10s);
    CHECK_THAT(said, contains("a stop would wait for itself"));
}

TEST_CASE("a start that is cancelled by itself is an error of the program", "[EP-21]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = [](Recorder&) -> Task<> {
                                                throw CancelledError();
                                                co_return;
                                            }}));
    CHECK_THROWS_AS(entrypoint.run_forever(), CancelledError);
}

TEST_CASE("a shutdown that timed out is told once, by close() too", "[EP-18]") {
    EntrypointOptions options = quiet();
    options.shutdown_timeout = 10ms;
    Events events;
    Entrypoint entrypoint(options, recorder(events, {.stop = sleep_long}));
    const StderrCapture log;
    entrypoint.open();
    CHECK_THROWS_AS(
        entrypoint.loop().run_until_complete([](Entrypoint* running) -> Task<> {
            running->request_shutdown();
            co_await sleep(1h);
        }(&entrypoint)),
        InvalidStateError);
    int code = 0;
    try {
        entrypoint.close();
    } catch (const SystemExit& exit) {
        code = exit.code();
    }
    CHECK(code == kShutdownTimedOut);
    entrypoint.close();
}

TEST_CASE("a shutdown that is requested before the start ends the program", "[EP-16]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events));
    entrypoint.request_shutdown();
    entrypoint.run_forever();
    CHECK(events.empty());
}

ASYNC_TEST_CASE("a shutdown does not stop a loop that was given", "[EP-04][W-05]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events));
    co_await entrypoint.start();
    entrypoint.request_shutdown();
    co_await entrypoint.closing();
    co_await entrypoint.stop();
    CHECK(events.size() == 2);
}

ASYNC_TEST_CASE("a task that is awaited at the stop may start another", "[SV-09][W-06]") {
    Events events;
    const auto service = recorder(events, {.start = [](Recorder& self) -> Task<> {
                                      self.begin(
                                          [](Recorder* owner) -> Task<> {
                                              co_await sleep(2ms);
                                              owner->begin([](Recorder* second) -> Task<> {
                                                  try {
                                                      co_await sleep(1h);
                                                  } catch (const CancelledError&) {
                                                      second->note("second cancelled");
                                                      throw;
                                                  }
                                              }(owner));
                                              co_await turns(2);
                                          }(&self),
                                          {.on_stop = OnStop::kAwait});
                                      co_return;
                                  }});
    Entrypoint entrypoint(quiet(), service);
    co_await entrypoint.start();
    co_await entrypoint.stop();
    CHECK(events.back() == "service second cancelled");
}
