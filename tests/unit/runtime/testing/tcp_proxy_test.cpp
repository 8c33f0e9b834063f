// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/testing/tcp_proxy.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::testing;
using namespace std::chrono_literals;

namespace {

/// Sends back what it gets, line by line.
class Echo final : public Service {
public:
    Task<> start() override {
        start_event().set();
        for (;;) {
            auto client = std::make_unique<Connection>(co_await listener_.accept());
            create_task(answer(std::move(client)));
        }
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }

private:
    static Task<> answer(std::unique_ptr<Connection> client) {
        for (;;) {
            const std::string line = co_await client->readline();
            if (line.empty()) {
                co_return;
            }
            co_await client->write(line);
        }
    }

    Listener listener_;
};

/// An echo server behind a proxy.
struct WithProxy : EntrypointFixture {
    ServiceList services() override { return {echo}; }

    Task<> set_up() override { co_await proxy.start(); }

    Task<> tear_down() override { co_await proxy.close(); }

    std::shared_ptr<Echo> echo = std::make_shared<Echo>();
    TCPProxy proxy{"127.0.0.1", echo->port()};
};

Task<std::string> echoed(Connection* client, std::string line) {
    co_await client->write(line);
    co_return co_await client->readline();
}

Task<std::string> upper(std::string text) {
    for (char& letter : text) {
        letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    co_return text;
}

Task<std::string> exclaim(std::string text) {
    text.insert(text.size() - 1, "!");
    co_return text;
}

}  // namespace

ENTRYPOINT_TEST_CASE(WithProxy, "a proxy passes on what it gets", "[PT-06][test_proxy_client]") {
    Connection first = co_await proxy.create_client();
    Connection second = co_await proxy.create_client();
    CHECK_AWAIT(echoed(&first, "hello\n"), awaited == "hello\n");
    CHECK_AWAIT(echoed(&second, "world\n"), awaited == "world\n");
    CHECK(proxy.clients() == 2);
    first.finish();
    CHECK_AWAIT(first.read(), awaited.empty());
}

ENTRYPOINT_TEST_CASE(
    WithProxy, "cut connections end, and new ones work", "[PT-06][test_proxy_client_close]") {
    Connection client = co_await proxy.create_client();
    CHECK_AWAIT(echoed(&client, "hello\n"), awaited == "hello\n");
    co_await proxy.disconnect_all();
    CHECK(proxy.clients() == 0);
    CHECK_AWAIT(client.read(), awaited.empty());
    Connection next = co_await proxy.create_client();
    CHECK_AWAIT(echoed(&next, "again\n"), awaited == "again\n");
}

ENTRYPOINT_TEST_CASE(
    WithProxy, "a slow proxy takes its time both ways", "[PT-06][test_proxy_client_slow]") {
    Connection client = co_await proxy.create_client();
    {
        const auto slow = proxy.slowdown(30ms, 20ms);
        const TimePoint begin = EventLoop::current().now();
        CHECK_AWAIT(echoed(&client, "hello\n"), awaited == "hello\n");
        CHECK(EventLoop::current().now() - begin >= 50ms);
    }
    {
        const auto never = proxy.slowdown(1h);
        auto waiting = create_task(echoed(&client, "later\n"));
        co_await sleep(20ms);
        CHECK_FALSE(waiting.done());
        proxy.set_delay(0s);
        CHECK_AWAIT(wait_for(std::move(waiting), 10s), awaited == "later\n");
    }
}

ENTRYPOINT_TEST_CASE(
    WithProxy,
    "processors change what passes, each its own way",
    "[PT-06][test_proxy_client_with_processor]") {
    Connection client = co_await proxy.create_client();
    proxy.set_content_processors(upper, exclaim);
    CHECK_AWAIT(echoed(&client, "hello\n"), awaited == "HELLO!\n");
    proxy.set_content_processors({}, {});
    CHECK_AWAIT(echoed(&client, "hello\n"), awaited == "hello\n");
}

ASYNC_TEST_CASE("a proxy to nowhere closes its clients", "[PT-06]") {
    std::uint16_t port = 0;
    {
        const Listener gone;
        port = gone.port();
    }
    TCPProxy proxy("127.0.0.1", port);
    CHECK_THROWS_AS(proxy.port(), InvalidStateError);
    co_await proxy.start();
    Connection client = co_await proxy.create_client();
    CHECK_AWAIT(wait_for(client.read(), 10s), awaited.empty());
    co_await proxy.close();
}

ASYNC_TEST_CASE("a connection to nowhere says where", "[PT-06]") {
    std::uint16_t port = 0;
    {
        const Listener gone;
        port = gone.port();
    }
    const auto refused = co_await test::settle(Connection::open("127.0.0.1", port));
    CHECK_THAT(
        test::text_of(refused),
        test::contains("connect 127.0.0.1:" + std::to_string(port) + ": Connection refused"));
    const auto unknown = co_await test::settle(Connection::open("no such host", 1));
    CHECK_THAT(test::text_of(unknown), test::contains("resolve no such host:1"));
}
