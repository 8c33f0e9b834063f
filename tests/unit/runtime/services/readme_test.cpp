// SPDX-License-Identifier: MIT
// The code of runtime/services/README.md, between pairs of marks; scripts/check-readme compares
// them.

#include "notify_receiver.h"
#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/wait_until.h"

#include <aiomisc/runtime/app/run.h>
#include <aiomisc/runtime/services/sd_watchdog_service.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;

struct Server : Service {
    Task<> start() override { co_return; }
};

// [watchdog]
int run_server() {
    return serve({}, {std::make_shared<SDWatchdogService>(), std::make_shared<Server>()});
}

// [watchdog]

}  // namespace

AIOMISC_TEST_HELPER(run_server) {
    return run_server();
}

TEST_CASE("README of services: a server under systemd", "[SD-01][SD-02]") {
    NotifyReceiver systemd;
    Process server = Process::start_helper(
        "run_server",
        {},
        {.environment = {{"NOTIFY_SOCKET", systemd.address()}, {"WATCHDOG_USEC", "20000"}}});
    REQUIRE(wait_until(
        [&systemd] { return systemd.count("READY=1") == 1 && systemd.count("WATCHDOG=1") >= 5; },
        std::chrono::seconds(20)));
    server.send_signal(SIGTERM);
    CHECK(server.wait() == ExitStatus{.code = 0});
    CHECK(
        systemd.without_pings() == std::vector<std::string>{
                                       "STATUS=Starting 2 services",
                                       "STATUS=Started 2 services",
                                       "READY=1",
                                       "STATUS=Stopping 2 services",
                                       "STOPPING=1"});
    CHECK(systemd.messages().back() == "STOPPING=1");
}
