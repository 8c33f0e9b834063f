// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/signals.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/wait_for.h>

#include <csignal>
#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

volatile std::sig_atomic_t handled = 0;

void count_signal(int) {
    handled = handled + 1;
}

/// Installs a handler of the "user", and puts back what was there before.
class UserHandler {
public:
    UserHandler() {
        struct sigaction action{};
        action.sa_handler = count_signal;
        ::sigaction(SIGUSR1, &action, &before_);
        handled = 0;
    }

    UserHandler(const UserHandler&) = delete;
    UserHandler& operator=(const UserHandler&) = delete;

    ~UserHandler() { ::sigaction(SIGUSR1, &before_, nullptr); }

private:
    struct sigaction before_{};
};

Task<int> next_of(Signals* signals) {
    co_return co_await signals->next();
}

}  // namespace

ASYNC_TEST_CASE("signals are received in the order in which they came") {
    Signals signals(EventLoop::current(), {SIGUSR1, SIGUSR2, SIGUSR1});
    ::raise(SIGUSR2);
    CHECK_AWAIT(wait_for(signals.next(), 10s), awaited == SIGUSR2);
    ::raise(SIGUSR1);
    CHECK_AWAIT(wait_for(signals.next(), 10s), awaited == SIGUSR1);
}

ASYNC_TEST_CASE("signals that nobody reads yet are kept") {
    Signals signals(EventLoop::current(), {SIGUSR1, SIGUSR2});
    ::raise(SIGUSR1);
    co_await sleep(1ms);
    ::raise(SIGUSR2);
    co_await sleep(1ms);
    CHECK_AWAIT(wait_for(signals.next(), 10s), awaited == SIGUSR1);
    CHECK_AWAIT(wait_for(signals.next(), 10s), awaited == SIGUSR2);
}

ASYNC_TEST_CASE("the handlers that were installed before are back afterwards", "[P17]") {
    const UserHandler user;
    {
        Signals signals(EventLoop::current(), {SIGUSR1});
        ::raise(SIGUSR1);
        CHECK_AWAIT(wait_for(signals.next(), 10s), awaited == SIGUSR1);
        CHECK(handled == 0);
    }
    ::raise(SIGUSR1);
    CHECK(handled == 1);
}

ASYNC_TEST_CASE("several objects may watch a signal, and go in any order", "[P17]") {
    const UserHandler user;
    auto first = std::make_unique<Signals>(EventLoop::current(), std::vector<int>{SIGUSR1});
    auto second = std::make_unique<Signals>(EventLoop::current(), std::vector<int>{SIGUSR1});
    ::raise(SIGUSR1);
    CHECK_AWAIT(wait_for(first->next(), 10s), awaited == SIGUSR1);
    CHECK_AWAIT(wait_for(second->next(), 10s), awaited == SIGUSR1);
    first.reset();
    ::raise(SIGUSR1);
    CHECK_AWAIT(wait_for(second->next(), 10s), awaited == SIGUSR1);
    CHECK(handled == 0);
    second.reset();
    ::raise(SIGUSR1);
    CHECK(handled == 1);
}

ASYNC_TEST_CASE("a burst of one signal costs none of another") {
    Signals signals(EventLoop::current(), {SIGUSR1, SIGUSR2});
    for (int sent = 0; sent < 200; ++sent) {
        ::raise(SIGUSR1);
        co_await turns(20);
        co_await sleep(10us);
    }
    ::raise(SIGUSR2);
    co_await sleep(1ms);
    ::raise(SIGUSR2);
    std::vector<int> received;
    for (;;) {
        const auto signal = co_await settle(wait_for(signals.next(), 50ms));
        if (!signal.has_value()) {
            break;
        }
        received.push_back(*signal);
    }
    // A second one of a number is told from the first; more are not.
    CHECK(received == std::vector{SIGUSR1, SIGUSR1, SIGUSR2, SIGUSR2});
}

ASYNC_TEST_CASE("a signal that cannot be caught is refused, the others are let go", "[P17]") {
    const UserHandler user;
    CHECK_THROWS_WITH(Signals(EventLoop::current(), {SIGUSR1, SIGKILL}), contains("watch SIGKILL"));
    ::raise(SIGUSR1);
    CHECK(handled == 1);
    co_return;
}

ASYNC_TEST_CASE("who waits for a signal learns that nobody watches any more") {
    std::optional<Signals> signals(std::in_place, EventLoop::current(), std::vector<int>{SIGUSR1});
    auto waiting = create_task(next_of(&*signals));
    co_await turns();
    signals.reset();
    CHECK_AWAIT_THAT(settle(std::move(waiting)), text_of(awaited), contains("QueueClosed"));
}

TEST_CASE("signals may outlive their loop", "[P17]") {
    const UserHandler user;
    {
        auto loop = std::make_unique<EventLoop>();
        const Signals signals(*loop, {SIGUSR1});
        loop.reset();
    }
    ::raise(SIGUSR1);
    CHECK(handled == 1);
}

TEST_CASE("signals have names") {
    CHECK(signal_name(SIGINT) == "SIGINT");
    CHECK(signal_name(SIGTERM) == "SIGTERM");
    CHECK(signal_name(4000) == "signal 4000");
}
