// SPDX-License-Identifier: MIT
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/testing/connection.h>
#include <aiomisc/runtime/testing/delay.h>
#include <aiomisc/runtime/testing/test_run.h>
#include <aiomisc/runtime/testing/unused_port.h>

#include <chrono>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace aiomisc;
using namespace aiomisc::testing;
using namespace std::chrono_literals;

namespace {

/// Whether a server could take the port.
bool can_bind(std::uint16_t port) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

struct Counting : Service {
    Task<> start() override {
        ++started;
        wanted = co_await context().get<int>("wanted");
    }

    Task<> stop(std::exception_ptr) override {
        ++stopped;
        co_return;
    }

    int started = 0;
    int stopped = 0;
    int wanted = 0;
};

struct WithCounting : EntrypointFixture {
    ServiceList services() override { return {counting}; }

    void default_context(Context& context) override { context.set("wanted", 42); }

    Task<> set_up() override {
        CHECK(counting->started == 0);
        co_await turns(2);
        set_up_done = true;
    }

    Task<> tear_down() override {
        CHECK(counting->stopped == 1);
        CHECK_THROWS_AS(entrypoint(), InvalidStateError);
        co_await turns(2);
    }

    std::shared_ptr<Counting> counting = std::make_shared<Counting>();
    bool set_up_done = false;
};

}  // namespace

ENTRYPOINT_TEST_CASE(
    WithCounting,
    "a fixture runs its services around the test",
    "[PT-01][PT-02][test_loop_fixture][test_yield_fixture]") {
    CHECK(set_up_done);
    CHECK(counting->started == 1);
    CHECK(counting->stopped == 0);
    CHECK(counting->wanted == 42);
    CHECK(&counting->loop() == &EventLoop::current());
    CHECK(&Entrypoint::get_current() == &entrypoint());
    co_return;
}

TEST_CASE("a test that throws stops its services and fails", "[PT-01][PT-02]") {
    EventLoop loop;
    WithCounting fixture;
    const auto counting = fixture.counting;
    const auto body = []() -> Task<> {
        throw std::runtime_error("test");
        co_return;
    };
    CHECK_THROWS_WITH(loop.run_until_complete(live(&fixture, body)), "test");
    CHECK(counting->stopped == 1);
}

TEST_CASE("errors that nobody saw are collected", "[PT-04]") {
    EventLoop loop;
    UnhandledErrors errors(loop);
    CHECK(unhandled_errors() == &errors);
    loop.run_until_complete([]() -> Task<> {
        {
            auto task = create_task(
                []() -> Task<> {
                    throw std::runtime_error("unseen");
                    co_return;
                }(),
                "background");
            co_await turns(2);
        }
    }());
    const auto seen = errors.take();
    REQUIRE(seen.size() == 1);
    CHECK_THAT(seen.front(), test::contains("[background]: std::runtime_error: unseen"));
    CHECK(errors.take().empty());
}

TEST_CASE("a test may have a limit", "[PT-03]") {
    ::setenv("AIOMISC_TEST_TIMEOUT", "0.01", 1);
    EventLoop loop;
    CHECK_THROWS_AS(
        loop.run_until_complete(within_test_timeout([]() -> Task<> { co_await sleep(1h); }())),
        TimeoutError);
    ::unsetenv("AIOMISC_TEST_TIMEOUT");
    loop.run_until_complete(within_test_timeout(turns(1)));
}

TEST_CASE("unused ports are distinct, held, and free for servers", "[PT-05][test_many_ports]") {
    UnusedPorts ports;
    std::set<std::uint16_t> seen;
    for (int count = 0; count < 1024; ++count) {
        const std::uint16_t port = ports.next();
        seen.insert(port);
        REQUIRE(can_bind(port));
    }
    CHECK(seen.size() == 1024);
    CHECK(ports.size() == 1024);
}

TEST_CASE("bound sockets of both kinds are made", "[PT-05][test_aiomisc_socket_factory]") {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        const BoundSocket bound = make_bound_socket(type);
        CHECK(bound.port > 0);
        int actual = 0;
        socklen_t size = sizeof actual;
        ::getsockopt(bound.socket.get(), SOL_SOCKET, SO_TYPE, &actual, &size);
        CHECK(actual == type);
    }
}

VIRTUAL_TEST_CASE("a delay lasts, and changing it lets go who waits", "[PT-08]") {
    Delay delay(10s);
    const TimePoint begin = current_loop().now();
    co_await delay.wait();
    CHECK(current_loop().now() - begin == 10s);
    auto waiting = create_task(delay.wait());
    co_await sleep(1s);
    CHECK_FALSE(waiting.done());
    delay.set(0s);
    co_await waiting;
    CHECK(current_loop().now() - begin == 11s);
    co_await delay.wait();
    CHECK(delay.get() == 0s);
    CHECK_AWAIT(delayed(5s), awaited);
    CHECK(current_loop().now() - begin == 16s);
}

ASYNC_TEST_CASE("lines are read whole, however they arrive", "[PT-05]") {
    Listener listener;
    Connection client = co_await Connection::open("127.0.0.1", listener.port());
    Connection server = co_await listener.accept();
    co_await client.write("one\ntw");
    CHECK_AWAIT(server.readline(), awaited == "one\n");
    auto second = create_task(server.readline());
    co_await sleep(1ms);
    CHECK_FALSE(second.done());
    co_await client.write("o\nrest");
    CHECK_AWAIT(second, awaited == "two\n");
    client.close();
    CHECK_AWAIT(server.readline(), awaited == "rest");
    CHECK_AWAIT(server.readline(), awaited.empty());
}
