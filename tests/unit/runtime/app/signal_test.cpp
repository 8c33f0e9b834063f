// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/signal.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace aiomisc;

ASYNC_TEST_CASE(
    "receivers are called one after another with the arguments",
    "[SG-01][SG-02][multiple_receivers][test_call_arguments]") {
    Signal<int, std::string> signal;
    std::vector<std::string> calls;
    const auto first = signal.connect([&](int number, const std::string& text) -> Task<> {
        co_await test::turns(2);
        calls.push_back("first " + std::to_string(number) + text);
    });
    const auto second = signal.connect([&](int number, const std::string& text) -> Task<> {
        calls.push_back("second " + std::to_string(number) + text);
        co_return;
    });
    co_await signal.call(7, "!");
    CHECK(calls == std::vector<std::string>{"first 7!", "second 7!"});
}

ASYNC_TEST_CASE("a receiver may take no arguments", "[SG-01]") {
    Signal<int> signal;
    int calls = 0;
    const auto connection = signal.connect([&]() -> Task<> {
        ++calls;
        co_return;
    });
    co_await signal.call(1);
    co_await signal.call(2);
    CHECK(calls == 2);
}

ASYNC_TEST_CASE("the first error of a receiver ends the call", "[SG-02]") {
    Signal<> signal;
    bool called = false;
    const auto failing = signal.connect([]() -> Task<> {
        throw std::runtime_error("receiver");
        co_return;
    });
    const auto next = signal.connect([&]() -> Task<> {
        called = true;
        co_return;
    });
    auto outcome = co_await test::settle(signal.call());
    CHECK(test::text_of(outcome) == "std::runtime_error: receiver");
    CHECK_FALSE(called);
}

ASYNC_TEST_CASE("all receivers may be called, whatever they throw", "[SG-02][EP-22]") {
    Signal<int> signal;
    int sum = 0;
    receiver(signal, [](int) -> Task<> {
        throw std::runtime_error("first");
        co_return;
    });
    receiver(signal, [&](int value) -> Task<> {
        sum += value;
        co_return;
    });
    receiver(signal, []() -> Task<> {
        throw CancelledError();
        co_return;
    });
    receiver(signal, [&](int value) -> Task<> {
        co_await test::turns(2);
        sum += value;
    });
    const auto errors = co_await signal.call_all(5);
    CHECK(sum == 10);
    REQUIRE(errors.size() == 2);
    CHECK(describe_exception(errors[0]) == "std::runtime_error: first");
    CHECK_THROWS_AS(std::rethrow_exception(errors[1]), CancelledError);
}

ASYNC_TEST_CASE("a connection that is dropped disconnects, during a call too", "[SG-01]") {
    Signal<> signal;
    int calls = 0;
    const auto count = [&]() -> Task<> {
        ++calls;
        co_return;
    };
    std::optional<Signal<>::Connection> second;
    const auto first = signal.connect([&]() -> Task<> {
        second.reset();
        co_return;
    });
    second = signal.connect(count);
    co_await signal.call();
    CHECK(calls == 0);
    {
        const auto third = signal.connect(count);
        co_await signal.call();
    }
    co_await signal.call();
    CHECK(calls == 1);
    auto fourth = signal.connect(count);
    fourth.disconnect();
    fourth.disconnect();
    CHECK(signal.size() == 1);
}

ASYNC_TEST_CASE("what a receiver captured lives until its call has ended", "[SG-01]") {
    Signal<> signal;
    std::string seen;
    std::optional<Signal<>::Connection> connection;
    connection = signal.connect([&, text = std::string("captured by value")]() -> Task<> {
        connection.reset();
        co_await test::turns(3);
        seen = text;
    });
    co_await signal.call();
    CHECK(seen == "captured by value");
}

TEST_CASE("a frozen signal takes no receivers", "[SG-03][test_connect_to_frozen_signal]") {
    Signal<> signal;
    CHECK_FALSE(signal.is_frozen());
    signal.freeze();
    CHECK(signal.is_frozen());
    const auto function = []() -> Task<> { co_return; };
    CHECK_THROWS_AS(signal.connect(function), InvalidStateError);
    CHECK_THROWS_AS(receiver(signal, function), InvalidStateError);
}

ASYNC_TEST_CASE("a copy has the receivers, is not frozen, and goes its own way", "[SG-03]") {
    Signal<> signal;
    int calls = 0;
    const auto count = [&]() -> Task<> {
        ++calls;
        co_return;
    };
    auto connection = signal.connect(count);
    signal.freeze();
    Signal<> copy = signal.copy();
    CHECK_FALSE(copy.is_frozen());
    const auto more = copy.connect(count);
    connection.disconnect();
    co_await copy.call();
    CHECK(calls == 2);
    co_await signal.call();
    CHECK(calls == 2);
}

ASYNC_TEST_CASE("receiver connects for good", "[SG-04][test_receiver_decorator]") {
    Signal<int> signal;
    int sum = 0;
    const auto add = receiver(signal, [&](int number) -> Task<> {
        sum += number;
        co_return;
    });
    co_await signal.call(2);
    co_await add(3);
    CHECK(sum == 5);
}

ASYNC_TEST_CASE("a signal may go while it is called", "[SG-02]") {
    auto signal = std::make_unique<Signal<>>();
    int calls = 0;
    receiver(*signal, [&]() -> Task<> {
        signal.reset();
        ++calls;
        co_return;
    });
    receiver(*signal, [&]() -> Task<> {
        ++calls;
        co_return;
    });
    Task<> call = signal->call();
    co_await std::move(call);
    CHECK(calls == 2);
}
