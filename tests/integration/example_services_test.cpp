// SPDX-License-Identifier: MIT

// The example "services" from outside, as systemd would run it.

#include "support/async_test.h"
#include "support/catch.h"
#include "support/process.h"
#include "unit/runtime/services/notify_receiver.h"

#include <aiomisc/runtime/testing/connection.h>

#include <chrono>
#include <csignal>
#include <string>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

std::uint16_t port_in(const std::string& line) {
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(' ') + 1)));
}

}  // namespace

ASYNC_TEST_CASE(
    "the example shuts down in order on SIGINT, and tells systemd", "[EP-16][SD-02][CX-02]") {
    NotifyReceiver systemd;
    Process program = Process::start(
        {AIOMISC_TEST_EXAMPLE},
        {.environment =
             {{"NOTIFY_SOCKET", systemd.address()},
              {"WATCHDOG_USEC", "60000000"},
              {"AIOMISC_LOG_FLUSH", "0.01"}},
         .merge_stderr = true});
    const auto tick = program.read_line();
    REQUIRE(tick);
    REQUIRE_THAT(*tick, contains("tick 0, listening on port "));
    auto client = co_await testing::Connection::open("127.0.0.1", port_in(*tick));
    co_await client.write("hello\n");
    CHECK_AWAIT(client.readline(), awaited == "olleh\n");

    program.send_signal(SIGINT);
    const std::string rest = program.read_all();
    const auto signal = rest.find("SIGINT received: shutting down\n");
    const auto echo = rest.find("closed after 1 lines\n");
    const auto pool = rest.find("\nclosed\n");
    CHECK(signal < echo);
    CHECK(echo < pool);
    CHECK(pool != std::string::npos);
    CHECK(program.wait() == ExitStatus{.code = 0});
    CHECK(wait_until([&] { return program.survivors().empty(); }, 1s));
    CHECK_AWAIT(client.readline(), awaited.empty());
    CHECK(
        systemd.without_pings() == std::vector<std::string>{
                                       "STATUS=Starting 4 services",
                                       "STATUS=Started 4 services",
                                       "READY=1",
                                       "STATUS=Stopping 4 services",
                                       "STOPPING=1"});
    CHECK(systemd.count("WATCHDOG=1") > 0);
}
