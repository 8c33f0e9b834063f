// SPDX-License-Identifier: MIT

// Three services: an echo server, a pool that it asks for work, and a clock. ^C stops them in
// order.

#include <aiomisc/aiomisc.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

using namespace aiomisc;
using namespace std::chrono_literals;

// Runs in a worker process.
std::string reversed(std::string text) {
    std::ranges::reverse(text);
    return text;
}

/// Gives the other services a worker pool.
struct Pool : Service {
    Task<> start() override {
        pool = std::make_shared<WorkerPool>(WorkerPoolOptions{.workers = 2});
        co_await pool->start();
        context().set("pool", pool);
    }

    Task<> stop(std::exception_ptr) override {
        co_await pool->close();
        log::info("pool", "closed");
    }

    std::shared_ptr<WorkerPool> pool;
};

/// Sends back each line reversed.
struct Echo : Service {
    Task<> start() override {
        pool = co_await context().get<std::shared_ptr<WorkerPool>>("pool");
        sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof address;
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (::bind(listener.get(), where, size) != 0 || ::listen(listener.get(), SOMAXCONN) != 0 ||
            ::getsockname(listener.get(), where, &size) != 0) {
            throw SystemError::from_errno("listen", "localhost");
        }
        context().set("port", int{ntohs(address.sin_port)});
        start_event().set();
        for (;;) {
            co_await readable(listener.get());
            UniqueFd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (client) {
                create_task(serve(std::move(client)));
            }
        }
    }

    Task<> stop(std::exception_ptr) override {
        listener.reset();
        log::info("echo", "closed after {} lines", lines);
        co_return;
    }

    Task<> serve(UniqueFd client) {
        std::string buffer(4096, '\0');
        for (;;) {
            co_await readable(client.get());
            const ssize_t size = ::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size <= 0) {
                co_return;
            }
            const std::string line = buffer.substr(0, buffer.find('\n'));
            const std::string answer = co_await pool->create_task<reversed>(line) + "\n";
            ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
            ++lines;
        }
    }

    std::shared_ptr<WorkerPool> pool;
    UniqueFd listener;
    int lines = 0;
};

/// Says now and then that the program is there.
struct Ticker : Service {
    Task<> start() override {
        const int port = co_await context().get<int>("port");
        start_event().set();
        for (int tick = 0;; ++tick) {
            log::info("ticker", "tick {}, listening on port {}", tick, port);
            co_await sleep(1s);
        }
    }
};

int main() {
    return serve(
        {.log_level = "info"},
        {std::make_shared<Pool>(),
         std::make_shared<Echo>(),
         std::make_shared<Ticker>(),
         std::make_shared<SDWatchdogService>()});
}
