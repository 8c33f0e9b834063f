// SPDX-License-Identifier: MIT
// The code of runtime/app/README.md, between pairs of marks; scripts/check-readme compares them.

#include "recorder.h"
#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/app/run.h>
#include <aiomisc/runtime/log/log.h>

#include <chrono>
#include <memory>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using aiomisc::test::contains;
using aiomisc::test::quiet;

// [service]
struct Heartbeat : Service {
    explicit Heartbeat(Duration interval) : interval_(interval) {}

    Task<> start() override {
        start_event().set();  // ready: the program goes on from here
        for (;;) {
            log::info("heartbeat", "alive");
            co_await sleep(interval_);
        }
    }

    Task<> stop(std::exception_ptr reason) override {
        log::info("heartbeat", "stopping: {}", reason ? describe_exception(reason) : "done");
        co_return;
    }

private:
    Duration interval_;
};

// [service]

// [context]
struct Server : Service {
    Task<> start() override {
        context().set("port", 8080);
        co_return;
    }
};

struct Client : Service {
    Task<> start() override {
        port = co_await context().get<int>("port");  // waits until somebody has set it
    }

    int port = 0;
};

// [context]

}  // namespace

// [test]
struct WithClient : aiomisc::testing::EntrypointFixture {
    ServiceList services() override { return {server, client}; }

    std::shared_ptr<Server> server = std::make_shared<Server>();
    std::shared_ptr<Client> client = std::make_shared<Client>();
};

ENTRYPOINT_TEST_CASE(WithClient, "README of app: the client knows the port") {
    CHECK(client->port == 8080);
    co_return;
}

// [test]

TEST_CASE("README of app: a service says that it is alive, and why it stops") {
    const aiomisc::test::StderrCapture captured;
    Entrypoint entrypoint(quiet(), std::make_shared<Heartbeat>(1h));
    entrypoint.run_until_complete([]() -> Task<> { co_await sleep(1ms); }());
    CHECK_THAT(captured.text(), contains("alive"));
    CHECK_THAT(captured.text(), contains("stopping: done"));
}
