// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/entrypoint.h>

#include "recorder.h"
#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/base/statistic.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/runtime/thread/default_executor.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

Task<> fail_with(const char* text) {
    throw std::runtime_error(text);
    co_return;
}

Task<int> seven(Events* events) {
    events->push_back("main");
    co_return 7;
}

Task<> sleep_long(Recorder&) {
    co_await sleep(1h);
}

Task<> doze() {
    co_await sleep(5ms);
}

template <typename Function>
std::string error_of(Function&& function) {
    try {
        function();
    } catch (...) {
        return describe_exception(std::current_exception());
    }
    return "none";
}

}  // namespace

TEST_CASE("services start before the main task and stop after it", "[RN-01][EP-02][test_simple]") {
    Events events;
    Entrypoint entrypoint(
        quiet(), recorder(events, {.name = "a"}), recorder(events, {.name = "b"}));
    CHECK(entrypoint.run_until_complete(seven(&events)) == 7);
    CHECK(events == Events{"a start", "b start", "main", "b stop", "a stop"});
}

TEST_CASE("an error of the main task stops the services, and is thrown", "[RN-01][test_simple]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events));
    CHECK(error_of([&] {
              entrypoint.run_until_complete(fail_with("body"));
          }) == "std::runtime_error: body");
    CHECK(events == Events{"service start", "service stop: std::runtime_error: body"});
}

TEST_CASE("the same service given twice runs once", "[EP-01]") {
    Events events;
    const auto service = recorder(events);
    Entrypoint entrypoint(quiet(), service, service);
    entrypoint.run_until_complete(seven(&events));
    CHECK(events == Events{"service start", "main", "service stop"});
    CHECK_THROWS_AS(Entrypoint(quiet(), ServiceList{nullptr}), InvalidStateError);
}

TEST_CASE("the entry waits for a start without an event", "[SV-01][test_service_no_start_event]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = [](Recorder& self) -> Task<> {
                                                co_await sleep(20ms);
                                                self.note("ready");
                                            }}));
    entrypoint.run_until_complete(seven(&events));
    CHECK(events == Events{"service start", "service ready", "main", "service stop"});
}

TEST_CASE(
    "the entry does not wait for a payload, which is cancelled after stop()",
    "[SV-01][EP-21][X2][test_service_start_event]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = serve_for_ever}));
    entrypoint.run_until_complete(seven(&events));
    CHECK(events == Events{"service start", "main", "service stop", "service cancelled"});
}

TEST_CASE(
    "a start that fails cancels its siblings, and stops all with the error", "[X1][EP-20][EP-21]") {
    Events events;
    Entrypoint entrypoint(
        quiet(),
        recorder(events, {.name = "ready"}),
        recorder(events, {.name = "slow", .start = sleep_long}),
        recorder(events, {.name = "bad", .start = [](Recorder&) -> Task<> {
                              co_await turns(3);
                              throw std::runtime_error("no");
                          }}));
    int after_start = 0;
    const auto connection = entrypoint.post_start.connect([&]() -> Task<> {
        ++after_start;
        co_return;
    });
    CHECK(error_of([&] {
              entrypoint.run_until_complete(seven(&events));
          }) == "std::runtime_error: no");
    CHECK(
        events == Events{
                      "ready start",
                      "slow start",
                      "bad start",
                      "slow cancelled",
                      "bad stop: std::runtime_error: no",
                      "slow stop: std::runtime_error: no",
                      "ready stop: std::runtime_error: no"});
    CHECK(after_start == 0);
}

TEST_CASE("a stop that fails does not keep the others from stopping", "[EP-22][W-22]") {
    Events events;
    Entrypoint entrypoint(
        quiet(),
        recorder(
            events,
            {.name = "a",
             .stop = [](Recorder& self) -> Task<> {
                 co_await sleep(20ms);
                 self.note("stopped");
             }}),
        recorder(events, {.name = "b", .stop = [](Recorder&) { return fail_with("b"); }}),
        recorder(events, {.name = "c", .stop = [](Recorder&) { return fail_with("c"); }}));
    StderrCapture log;
    CHECK(error_of([&] {
              entrypoint.run_until_complete(seven(&events));
          }) == "std::runtime_error: c");
    CHECK(events.back() == "a stopped");
    CHECK_THAT(log.text(), contains("stop of b failed\nstd::runtime_error: b"));
    CHECK_THAT(log.text(), contains("stop of c failed\nstd::runtime_error: c"));
}

TEST_CASE("a receiver that fails does not keep services from stopping", "[EP-22]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events));
    const auto connection = entrypoint.pre_stop.connect([] { return fail_with("receiver"); });
    StderrCapture log;
    entrypoint.run_until_complete(seven(&events));
    CHECK(events.back() == "service stop");
    CHECK_THAT(log.text(), contains("a receiver of PRE_STOP failed\nstd::runtime_error: receiver"));
}

TEST_CASE("a receiver of PRE_START that fails fails the start", "[EP-20]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events));
    const auto connection = entrypoint.pre_start.connect([] { return fail_with("receiver"); });
    CHECK_THAT(
        error_of([&] { entrypoint.run_until_complete(seven(&events)); }), contains("receiver"));
    CHECK(events == Events{"service stop: std::runtime_error: receiver"});
}

ASYNC_TEST_CASE(
    "on a loop that runs already, services run between start and stop",
    "[EP-03][EP-19][EP-26][test_entrypoint_with_with_async]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events));
    co_await entrypoint.start();
    CHECK(events == Events{"service start"});
    CHECK(&Entrypoint::get_current() == &entrypoint);
    CHECK(&get_context() == &entrypoint.context());
    CHECK(entrypoint.services().size() == 1);
    const auto closing = [](Entrypoint* running) -> Task<> { co_await running->closing(); };
    const auto early = co_await settle(wait_for(closing(&entrypoint), 20ms));
    CHECK_THAT(text_of(early), contains("TimeoutError"));
    co_await entrypoint.stop();
    co_await closing(&entrypoint);
    CHECK(events == Events{"service start", "service stop"});
    CHECK(entrypoint.services().empty());
    CHECK_THROWS_WITH(Entrypoint::get_current(), contains("no current entrypoint is set"));
    CHECK_THROWS_AS(get_context(), InvalidStateError);
}

ASYNC_TEST_CASE(
    "on a borrowed loop the tasks of others go on",
    "[EP-04][EP-23][test_entrypoint_graceful_shutdown_loop_owner][test_async_gen_first][test_async_"
    "gen_second]") {
    Event released;
    TaskHandle<> background;
    {
        Entrypoint entrypoint(quiet());
        const auto before = entrypoint.pre_start.connect([&]() -> Task<> {
            background =
                create_task([](Event* event) -> Task<> { co_await event->wait(); }(&released));
            co_return;
        });
        const auto after = entrypoint.post_stop.connect([&]() -> Task<> {
            CHECK_FALSE(background.done());
            released.set();
            co_await background;
        });
        co_await entrypoint.start();
        co_await entrypoint.stop();
    }
    CHECK(background.done());
    CHECK_FALSE(background.cancelled());
}

ASYNC_TEST_CASE("stopping twice waits for the one stop", "[EP-17][EP-23]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.stop = [](Recorder& self) -> Task<> {
                                                co_await turns(5);
                                                self.note("stopped");
                                            }}));
    co_await entrypoint.start();
    auto first = create_task(entrypoint.stop());
    co_await turns(2);
    co_await entrypoint.stop();
    CHECK(events.back() == "service stopped");
    co_await first;
    CHECK(events == Events{"service start", "service stop", "service stopped"});
}

ASYNC_TEST_CASE(
    "services come and go while the program runs, and signals tell of them",
    "[EP-20][EP-22][SG-05][test_add_remove_service][test_add_remove_service_with_signals]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.name = "first"}));
    const auto note = [&](const std::string& what) {
        return [&events, what](const ServiceEvent& event) -> Task<> {
            events.push_back(what + " " + std::to_string(event.services.size()));
            co_return;
        };
    };
    const auto pre_start = entrypoint.pre_start.connect(note("pre_start"));
    const auto post_start = entrypoint.post_start.connect(note("post_start"));
    const auto pre_stop = entrypoint.pre_stop.connect(note("pre_stop"));
    const auto post_stop = entrypoint.post_stop.connect(note("post_stop"));
    co_await entrypoint.start();
    events.clear();
    const auto late = recorder(events, {.name = "late", .start = serve_for_ever});
    const auto other = recorder(events, {.name = "other"});
    co_await entrypoint.start_services(late, other);
    CHECK(events == Events{"pre_start 2", "late start", "other start", "post_start 2"});
    CHECK(entrypoint.services().size() == 3);
    const auto again = co_await settle(entrypoint.start_services(late));
    CHECK_THAT(text_of(again), contains("late runs already"));
    events.clear();
    co_await entrypoint.stop_services(late);
    CHECK(events == Events{"pre_stop 1", "late stop", "late cancelled", "post_stop 1"});
    co_await entrypoint.start_services(late);
    events.clear();
    co_await entrypoint.start_services(ServiceList{});
    CHECK(events == Events{"pre_start 0", "post_start 0"});
    co_await entrypoint.stop();
    const auto closed = co_await settle(entrypoint.start_services(late));
    CHECK_FALSE(closed.has_value());
}

ASYNC_TEST_CASE("a service that is started later and fails is stopped alone", "[EP-20][X1]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.name = "first"}));
    co_await entrypoint.start();
    const auto bad =
        recorder(events, {.name = "bad", .start = [](Recorder&) { return fail_with("no"); }});
    const auto outcome = co_await settle(entrypoint.start_services(bad));
    CHECK(text_of(outcome) == "std::runtime_error: no");
    CHECK(events.back() == "bad stop: std::runtime_error: no");
    CHECK(entrypoint.services().size() == 1);
    co_await entrypoint.stop();
}

ASYNC_TEST_CASE("a payload may stop its own service, or the program", "[W-01]") {
    Events events;
    Entrypoint entrypoint(quiet());
    co_await entrypoint.start();
    std::shared_ptr<Recorder> service;
    service = recorder(events, {.start = [&](Recorder& self) -> Task<> {
                           self.start_event().set();
                           co_await turns(2);
                           co_await entrypoint.stop_services(service);
                       }});
    co_await entrypoint.start_services(service);
    while (!entrypoint.services().empty()) {
        co_await turns(1);
    }
    CHECK(events == Events{"service start", "service stop", "service cancelled"});
    events.clear();
    service = recorder(events, {.start = [&](Recorder& self) -> Task<> {
                           self.start_event().set();
                           co_await turns(2);
                           co_await entrypoint.stop();
                       }});
    co_await entrypoint.start_services(service);
    co_await entrypoint.closing();
    co_await entrypoint.stop();
    CHECK(events == Events{"service start", "service stop", "service cancelled"});
    service.reset();
}

TEST_CASE("a payload that fails later is logged, and the others go on", "[EP-21]") {
    Events events;
    Entrypoint entrypoint(quiet(), recorder(events, {.start = [](Recorder& self) -> Task<> {
                                                self.start_event().set();
                                                co_await turns(2);
                                                throw std::runtime_error("payload");
                                            }}));
    StderrCapture log;
    entrypoint.run_until_complete(doze());
    CHECK_THAT(log.text(), contains("service service failed\nstd::runtime_error: payload"));
    CHECK(events == Events{"service start", "service stop"});
}

TEST_CASE("a payload that fails may stop its service", "[EP-21]") {
    Events events;
    EntrypointOptions options = quiet();
    options.on_service_failure = OnServiceFailure::kStopService;
    Entrypoint entrypoint(options, recorder(events, {.start = [](Recorder& self) -> Task<> {
                                                self.start_event().set();
                                                co_await turns(2);
                                                throw std::runtime_error("payload");
                                            }}));
    StderrCapture log;
    entrypoint.run_until_complete([](Entrypoint* running) -> Task<> {
        while (!running->services().empty()) {
            co_await turns(1);
        }
    }(&entrypoint));
    CHECK(events == Events{"service start", "service stop: std::runtime_error: payload"});
}

TEST_CASE("a payload that fails may shut the program down", "[EP-21][W-01]") {
    Events events;
    EntrypointOptions options = quiet();
    options.on_service_failure = OnServiceFailure::kShutdown;
    Entrypoint entrypoint(options, recorder(events, {.start = [](Recorder& self) -> Task<> {
                                                self.start_event().set();
                                                co_await turns(2);
                                                throw std::runtime_error("payload");
                                            }}));
    StderrCapture log;
    entrypoint.run_forever();
    CHECK(events == Events{"service start", "service stop: std::runtime_error: payload"});
}

TEST_CASE("a requested shutdown ends run_forever, and cancels a main task last", "[EP-16][W-01]") {
    Events events;
    Entrypoint forever(quiet(), recorder(events, {.start = [](Recorder&) -> Task<> {
                                             Entrypoint::get_current().loop().call_later(1ms, [] {
                                                 Entrypoint::get_current().request_shutdown();
                                                 Entrypoint::get_current().request_shutdown();
                                             });
                                             co_return;
                                         }}));
    forever.run_forever();
    CHECK(
        events ==
        Events{"service start", "service stop: aiomisc::ShutdownRequested: shutdown requested"});
    CHECK(forever.shutdown_signal() == 0);

    events.clear();
    Entrypoint with_main(quiet(), recorder(events));
    const auto main = [](Events* seen) -> Task<> {
        Entrypoint::get_current().request_shutdown();
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            seen->push_back("main cancelled");
            throw;
        }
    };
    CHECK_THROWS_AS(with_main.run_until_complete(main(&events)), CancelledError);
    CHECK(events.back() == "main cancelled");
    CHECK(events.size() == 3);
}

TEST_CASE("a shutdown that takes too long is cancelled, and ends with code 70", "[EP-18]") {
    Events events;
    EntrypointOptions options = quiet();
    options.shutdown_timeout = 20ms;
    Entrypoint entrypoint(options, recorder(events, {.stop = [](Recorder& self) -> Task<> {
                                                try {
                                                    co_await sleep(1h);
                                                } catch (const CancelledError&) {
                                                    self.note("stop cancelled");
                                                    throw;
                                                }
                                            }}));
    StderrCapture log;
    int code = 0;
    try {
        entrypoint.run_until_complete([]() -> Task<> {
            Entrypoint::get_current().request_shutdown();
            co_await sleep(1h);
        }());
    } catch (const SystemExit& exit) {
        code = exit.code();
    }
    CHECK(code == kShutdownTimedOut);
    CHECK(events.back() == "service stop cancelled");
    CHECK_THAT(log.text(), contains("the shutdown did not happen in 0.02 seconds, aborting"));
}

TEST_CASE(
    "logging is buffered while the services run, and only then",
    "[EP-09][EP-10][test_entrypoint_log_params]") {
    const auto buffers = [] { return get_statistics({"ThreadedHandlerStatistic"}).size(); };
    EntrypointOptions options = quiet();
    options.log_config = true;
    options.log_level = "debug";
    options.log_format = "stream";
    options.log_date_format = "%Y";
    Entrypoint entrypoint(options);
    CHECK(buffers() == 0);
    CHECK(log::level() == log::Level::kDebug);
    CHECK(log::format() == log::Format::kStream);
    std::size_t during = 0;
    entrypoint.run_until_complete([](std::size_t* seen, auto count) -> Task<> {
        *seen = count();
        co_return;
    }(&during, buffers));
    CHECK(during > 0);
    CHECK(buffers() == 0);
    CHECK(log::format() == log::Format::kStream);
    log::basic_config();
}

TEST_CASE("an entrypoint may leave logging alone", "[EP-10]") {
    log::basic_config({.level = log::Level::kWarning, .log_format = log::Format::kPlain});
    Entrypoint entrypoint(quiet());
    entrypoint.run_until_complete(doze());
    CHECK(log::level() == log::Level::kWarning);
    log::basic_config();
}

TEST_CASE("user sinks get what is logged", "[EP-11][W-20]") {
    struct Keep final : log::Sink {
        void emit(const log::Record& record) override { lines.emplace_back(record.message); }

        void flush() override {}

        std::vector<std::string> lines;
    };

    const auto keep = std::make_shared<Keep>();
    EntrypointOptions options = quiet();
    options.log_config = true;
    options.log_format = "disabled";
    options.log_handlers = {keep};
    {
        Entrypoint entrypoint(options);
        entrypoint.run_until_complete([]() -> Task<> {
            log::info("test", "seen");
            co_return;
        }());
    }
    log::basic_config();
    CHECK(std::ranges::find(keep->lines, "seen") != keep->lines.end());
}

TEST_CASE("the default pool has the size of the options", "[EP-05][TH-14]") {
    EntrypointOptions options = quiet();
    options.pool_size = 1;
    Entrypoint entrypoint(options);
    std::size_t threads = 0;
    entrypoint.run_until_complete([](std::size_t* seen) -> Task<> {
        std::vector<Future<std::thread::id>> calls;
        for (int call = 0; call < 20; ++call) {
            calls.push_back(run_in_executor([] { return std::this_thread::get_id(); }));
        }
        std::set<std::thread::id> ids;
        for (auto& call : calls) {
            ids.insert(co_await call);
        }
        *seen = ids.size();
    }(&threads));
    CHECK(threads == 1);
    options.pool_size = 0;
    CHECK_THROWS_AS(Entrypoint(options), ConfigError);
}

TEST_CASE("open and close stand around code of one's own", "[EP-02]") {
    Events events;
    {
        Entrypoint entrypoint(quiet(), recorder(events));
        entrypoint.open();
        CHECK(entrypoint.loop().run_until_complete(seven(&events)) == 7);
        entrypoint.close(std::make_exception_ptr(std::runtime_error("body")));
        entrypoint.close();
    }
    CHECK(events == Events{"service start", "main", "service stop: std::runtime_error: body"});
    events.clear();
    {
        Entrypoint entrypoint(quiet(), recorder(events));
        entrypoint.open();
    }
    CHECK(events == Events{"service start", "service stop"});
}

TEST_CASE("an entrypoint that is never started does nothing", "[EP-29]") {
    Events events;
    {
        Entrypoint entrypoint(quiet(), recorder(events));
        CHECK_FALSE(entrypoint.loop().closed());
        CHECK_THROWS_AS(entrypoint.context(), InvalidStateError);
    }
    CHECK(events.empty());
}

TEST_CASE("entrypoints follow one another, and one is used once", "[EP-30]") {
    Events events;
    for (int round = 0; round < 3; ++round) {
        Entrypoint entrypoint(quiet(), recorder(events));
        entrypoint.run_until_complete(seven(&events));
        CHECK_THROWS_AS(entrypoint.run_until_complete(seven(&events)), InvalidStateError);
    }
    CHECK(events.size() == 9);
}

TEST_CASE("the loop may be given, and stays open", "[EP-04]") {
    EventLoop loop;
    {
        EntrypointOptions options = quiet();
        options.loop = &loop;
        Events events;
        Entrypoint entrypoint(options, recorder(events));
        CHECK(&entrypoint.loop() == &loop);
        CHECK(entrypoint.run_until_complete(seven(&events)) == 7);
    }
    CHECK_FALSE(loop.closed());
}

TEST_CASE("a factory makes the loop", "[EP-12]") {
    int made = 0;
    EntrypointOptions options = quiet();
    options.loop_factory = [&] {
        ++made;
        return std::make_unique<EventLoop>();
    };
    Events events;
    Entrypoint entrypoint(options, recorder(events));
    entrypoint.run_until_complete(seven(&events));
    CHECK(made == 1);
}

TEST_CASE(
    "signals of the class reach entrypoints that are made later",
    "[EP-27][EP-28][test_entrypoint_class_pre_start_signal][test_entrypoint_class_post_stop_"
    "signal]") {
    Events events;
    Entrypoint before(quiet());
    std::vector<Entrypoint*> seen;
    {
        const auto see = [&](const ServiceEvent& event) -> Task<> {
            seen.push_back(&event.entrypoint);
            co_return;
        };
        const auto pre_start = Entrypoint::PRE_START().connect(see);
        const auto post_stop = Entrypoint::POST_STOP().connect(see);
        Entrypoint entrypoint(quiet(), recorder(events));
        entrypoint.run_until_complete(seven(&events));
        CHECK(seen == std::vector<Entrypoint*>{&entrypoint, &entrypoint});
        before.run_until_complete(seven(&events));
        CHECK(seen.size() == 2);
        CHECK_THROWS_AS(entrypoint.pre_start.connect(see), InvalidStateError);
    }
    Entrypoint after(quiet());
    after.run_until_complete(seven(&events));
    CHECK(seen.size() == 2);
}

TEST_CASE(
    "signals tell which services start and stop, around both",
    "[EP-24][EP-28][SG-05][test_pre_start_signal][test_post_stop_signal]") {
    Events events;
    const auto service = recorder(events);
    Entrypoint entrypoint(quiet(), service);
    const auto started = entrypoint.pre_start.connect([&](const ServiceEvent& event) -> Task<> {
        REQUIRE(event.services.size() == 1);
        CHECK(event.services.front() == service);
        events.push_back("PRE_START");
        co_return;
    });
    const auto stopped = entrypoint.post_stop.connect([&](const ServiceEvent& event) -> Task<> {
        co_await turns(3);
        CHECK(event.services.size() == 1);
        events.push_back("POST_STOP");
    });
    entrypoint.run_until_complete(seven(&events));
    CHECK(events == Events{"PRE_START", "service start", "main", "service stop", "POST_STOP"});
}

TEST_CASE("there is no current entrypoint outside of one", "[EP-25]") {
    CHECK_THROWS_WITH(Entrypoint::get_current(), contains("no current entrypoint is set"));
}
