// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/services/sd_watchdog_service.h>

#include "notify_receiver.h"
#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"
#include "support/wait_until.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

using Messages = std::vector<std::string>;

EntrypointOptions quiet() {
    load_plugins();
    EntrypointOptions options;
    options.log_config = false;
    options.catch_signals.emplace();
    return options;
}

std::shared_ptr<SDWatchdogService> watchdog(std::optional<Duration> interval = {}) {
    return std::make_shared<SDWatchdogService>(SDWatchdogOptions{.watchdog_interval = interval});
}

Task<> nothing() {
    co_return;
}

Task<> poll_count(NotifyReceiver* receiver, std::size_t count, std::string message) {
    while (receiver->count(message) < count) {
        co_await sleep(1ms);
    }
}

/// Until so many have come.
Task<> receive(NotifyReceiver* receiver, std::size_t count, std::string message = "WATCHDOG=1") {
    return wait_for(poll_count(receiver, count, std::move(message)), 20s * kPatience);
}

struct Plain : Service {
    Task<> start() override { co_return; }
};

struct Failing : Service {
    Task<> start() override {
        co_await sleep(5ms);
        throw std::runtime_error("no start");
    }
};

/// Its stop lasts until so many signs of life have come.
struct Slow : Service {
    Slow(NotifyReceiver* systemd, std::size_t count) : receiver(systemd), pings(count) {}

    Task<> start() override { co_return; }

    Task<> stop(std::exception_ptr) override {
        return receive(receiver, receiver->count("WATCHDOG=1") + pings);
    }

    NotifyReceiver* receiver;
    std::size_t pings;
};

bool is_key_and_value(const std::string& message) {
    const auto equals = message.find('=');
    return equals != std::string::npos && equals > 0 && equals + 1 < message.size() &&
           message.find('\n') == std::string::npos;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("systemd is told how the program fares", "[SD-01][SD-02][test_sdwatchdog_service]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), watchdog(100ms));
    entrypoint.run_until_complete(receive(&receiver, 10));
    CHECK(
        receiver.without_pings() == Messages{
                                        "STATUS=Starting 1 services",
                                        "WATCHDOG_USEC=100000",
                                        "STATUS=Started 1 services",
                                        "READY=1",
                                        "STATUS=Stopping 1 services",
                                        "STOPPING=1"});
    CHECK(receiver.messages().back() == "STOPPING=1");
    for (const std::string& message : receiver.messages()) {
        INFO(message);
        CHECK(is_key_and_value(message));
    }
}

TEST_CASE("an abstract socket is told too", "[SD-01]") {
    NotifyReceiver receiver("@aiomisc-test-" + std::to_string(::getpid()));
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), watchdog());
    entrypoint.run_until_complete(nothing());
    CHECK(receiver.count("READY=1") == 1);
}

TEST_CASE("without NOTIFY_SOCKET nothing happens", "[SD-01]") {
    const Variable nonsense("WATCHDOG_USEC", "soon");
    StderrCapture log;
    for (const char* address : {"", "unset"}) {
        const Variable socket("NOTIFY_SOCKET", "");
        if (std::string(address) == "unset") {
            ::unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): one thread
        }
        const auto service = watchdog(1ms);
        Entrypoint entrypoint(quiet(), service);
        entrypoint.run_until_complete(turns(3));
        CHECK_FALSE(service->watchdog_interval());
        CHECK_FALSE(watchdog()->watchdog_interval());
    }
    CHECK(log.text().empty());
}

TEST_CASE("the interval is systemd's unless another is given", "[SD-01][SD-02]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    const Variable usec("WATCHDOG_USEC", "20000");
    CHECK(watchdog()->watchdog_interval() == Duration(20ms));
    CHECK(watchdog(30ms)->watchdog_interval() == Duration(30ms));
    SECTION("systemd's own is not told") {
        Entrypoint entrypoint(quiet(), watchdog());
        entrypoint.run_until_complete(receive(&receiver, 2));
        CHECK(receiver.count("WATCHDOG_USEC=20000") == 0);
    }
    SECTION("nor is the same") {
        Entrypoint entrypoint(quiet(), watchdog(20ms));
        entrypoint.run_until_complete(receive(&receiver, 2));
        CHECK(receiver.count("WATCHDOG_USEC=20000") == 0);
    }
    SECTION("another is told once") {
        Entrypoint entrypoint(quiet(), watchdog(10ms));
        entrypoint.run_until_complete(receive(&receiver, 3));
        CHECK(receiver.count("WATCHDOG_USEC=10000") == 1);
    }
}

TEST_CASE("without an interval there are no signs of life", "[SD-01]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), watchdog());
    entrypoint.run_until_complete(turns(10));
    CHECK(receiver.count("WATCHDOG=1") == 0);
    CHECK(receiver.count("READY=1") == 1);
}

TEST_CASE("a watchdog for another process is not ours", "[SD-01]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    const Variable usec("WATCHDOG_USEC", "1000");
    const Variable other("WATCHDOG_PID", std::to_string(::getppid()));
    CHECK_FALSE(watchdog()->watchdog_interval());
    const Variable ours("WATCHDOG_PID", std::to_string(::getpid()));
    CHECK(watchdog()->watchdog_interval() == Duration(1ms));
}

TEST_CASE("an interval that makes no sense is an error that names it", "[SD-01][EP-31]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    CHECK_THROWS_AS(watchdog(0ms), ConfigError);
    CHECK_THROWS_WITH(watchdog(-1s), contains("watchdog_interval"));
    for (const char* value : {"soon", "-5", "0", "1.5", "99999999999999999999999", ""}) {
        INFO(value);
        const Variable usec("WATCHDOG_USEC", value);
        CHECK_THROWS_AS(watchdog(), ConfigError);
        CHECK_THROWS_WITH(watchdog(), contains("WATCHDOG_USEC"));
        CHECK(watchdog(1s)->watchdog_interval() == Duration(1s));
    }
}

TEST_CASE("a failed start is not reported as ready", "[SD-02][X1]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), watchdog(), std::make_shared<Failing>());
    CHECK_THROWS_WITH(entrypoint.run_until_complete(nothing()), "no start");
    CHECK(
        receiver.messages() ==
        Messages{"STATUS=Starting 2 services", "STATUS=Stopping 2 services", "STOPPING=1"});
}

TEST_CASE("signs of life go on while other services stop", "[SD-02]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), std::make_shared<Slow>(&receiver, 5), watchdog(10ms));
    entrypoint.run_until_complete(nothing());
    const Messages& messages = receiver.messages();
    const auto stopping = std::ranges::find(messages, "STATUS=Stopping 2 services");
    CHECK(std::count(stopping, messages.end(), "WATCHDOG=1") >= 5);
    CHECK(messages.back() == "STOPPING=1");
}

namespace {

Task<> come_and_go(Entrypoint* entrypoint, NotifyReceiver* receiver) {
    const std::size_t before = receiver->messages().size();
    const auto plain = std::make_shared<Plain>();
    co_await entrypoint->start_services(plain);
    co_await entrypoint->stop_services(plain);
    CHECK(receiver->messages().size() == before);
    const auto late = watchdog();
    co_await entrypoint->start_services(late, std::make_shared<Plain>());
    CHECK(receiver->messages().back() == "READY=1");
    CHECK(receiver->count("STATUS=Started 2 services") == 1);
    co_await entrypoint->stop_services(late);
    CHECK(receiver->count("STATUS=Stopping 1 services") == 1);
}

}  // namespace

TEST_CASE("only what concerns a watchdog service is told", "[SD-02]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), std::make_shared<Plain>());
    entrypoint.run_until_complete(come_and_go(&entrypoint, &receiver));
    CHECK(receiver.messages().back() == "STOPPING=1");
}

TEST_CASE("a service that is used again tells it all again", "[SD-02]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    const auto service = watchdog(10ms);
    for (int round = 1; round <= 2; ++round) {
        Entrypoint entrypoint(quiet(), service);
        entrypoint.run_until_complete(receive(&receiver, receiver.count("WATCHDOG=1") + 2));
        CHECK(receiver.count("READY=1") == static_cast<std::size_t>(round));
        CHECK(receiver.messages().back() == "STOPPING=1");
    }
}

namespace {

Task<> lose_and_find(NotifyReceiver* receiver, StderrCapture* log) {
    co_await receive(receiver, 1);
    const std::string address = receiver->address();
    receiver->close();
    const auto warned = [&] { return occurrences(log->text(), "systemd is not told WATCHDOG=1"); };
    while (warned() == 0) {
        co_await sleep(1ms);
    }
    co_await sleep(20ms);  // several signs of life, of which one warning is enough
    CHECK(warned() == 1);
    NotifyReceiver again(address);
    co_await receive(&again, 2);
    again.close();
    while (warned() == 1) {
        co_await sleep(1ms);
    }
}

}  // namespace

TEST_CASE("a receiver that goes is a warning, and one that comes back is told", "[SD-02]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    Entrypoint entrypoint(quiet(), watchdog(4ms));
    StderrCapture log;
    entrypoint.run_until_complete(wait_for(lose_and_find(&receiver, &log), 20s * kPatience));
}

TEST_CASE("a receiver that does not read stops nobody", "[SD-02]") {
    NotifyReceiver receiver;
    receiver.fill_queue();
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    StderrCapture log;
    Entrypoint entrypoint(quiet(), watchdog(4ms));
    entrypoint.run_until_complete(turns(3));
    CHECK_THAT(log.text(), contains("systemd is not told STATUS=Starting 1 services: send to "));
    CHECK(receiver.count("READY=1") == 0);
}

TEST_CASE("an address that makes no sense is a warning", "[SD-01]") {
    for (const std::string& address :
         {std::string("run/notify"), "/" + std::string(200, 'x'), "@" + std::string(200, 'x')}) {
        INFO(address);
        const Variable socket("NOTIFY_SOCKET", address);
        StderrCapture log;
        Entrypoint entrypoint(quiet(), watchdog(1s));
        entrypoint.run_until_complete(nothing());
        CHECK_THAT(log.text(), contains("NOTIFY_SOCKET"));
        CHECK(occurrences(log.text(), "systemd is not told") == 1);
    }
}

ASYNC_TEST_CASE("without the plugin there are signs of life and nothing else", "[SD-02][PG-02]") {
    NotifyReceiver receiver;
    const Variable socket("NOTIFY_SOCKET", receiver.address());
    SDWatchdogService service({.watchdog_interval = 4ms});
    service.set_loop(EventLoop::current());
    co_await service.start();
    co_await receive(&receiver, 3);
    co_await service.stop(nullptr);
    const std::size_t pings = receiver.count("WATCHDOG=1");
    CHECK(receiver.without_pings() == Messages{"WATCHDOG_USEC=4000"});
    co_await sleep(20ms);
    CHECK(receiver.count("WATCHDOG=1") == pings);
}
