// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/future.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/context_var.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace aiomisc;
using test::settle;
using test::text_of;
using test::turns;

Task<int> return_number(int number) {
    co_return number;
}

ContextVar<int> trace_id("trace_id", 0);

}  // namespace

VIRTUAL_TEST_CASE("a future has the value its promise was given", "[AS-09]") {
    Promise<std::unique_ptr<int>> promise;
    auto future = promise.get_future();
    CHECK_FALSE(future.done());
    promise.set_value(std::make_unique<int>(4));
    CHECK(promise.done());
    const auto value = co_await future;
    CHECK(*value == 4);
}

VIRTUAL_TEST_CASE("a promise is settled once", "[AS-09]") {
    Promise<int> promise;
    auto future = promise.get_future();
    promise.set_value(1);
    CHECK_THROWS_AS(promise.set_value(2), InvalidStateError);
    CHECK_THROWS_AS(
        promise.set_exception(std::make_exception_ptr(std::runtime_error("late"))),
        InvalidStateError);
    CHECK_FALSE(promise.try_set_value(3));
    CHECK_AWAIT(future, awaited == 1);
}

VIRTUAL_TEST_CASE("the future of a promise is taken once") {
    Promise<int> promise;
    auto future = promise.get_future();
    CHECK_THROWS_AS(promise.get_future(), InvalidStateError);
    promise.set_value(1);
    co_await future;
}

VIRTUAL_TEST_CASE("a promise that is dropped fails its future") {
    Future<int> future;
    {
        Promise<int> promise;
        future = promise.get_future();
    }
    const auto outcome = co_await settle(std::move(future));
    CHECK(text_of(outcome) == "aiomisc::InvalidStateError: promise dropped without a value");
}

VIRTUAL_TEST_CASE("a promise that is replaced fails its future") {
    Promise<int> promise;
    auto future = promise.get_future();
    promise = Promise<int>();
    const auto outcome = co_await settle(std::move(future));
    CHECK(text_of(outcome) == "aiomisc::InvalidStateError: promise dropped without a value");
}

VIRTUAL_TEST_CASE("a promise learns that its reader gave up", "[AS-09]") {
    Promise<int> promise;
    auto future = promise.get_future();
    future.cancel();
    CHECK(future.cancelled());
    CHECK(promise.cancelled());
    CHECK_FALSE(promise.try_set_value(1));
    CHECK_THROWS_AS(promise.set_value(1), InvalidStateError);
    const auto outcome = co_await settle(std::move(future));
    CHECK(outcome.cancelled());
}

VIRTUAL_TEST_CASE("an error that nobody reads from a future is reported", "[AS-11]") {
    {
        Promise<int> promise;
        const auto future = promise.get_future();
        promise.set_exception(std::make_exception_ptr(std::runtime_error("unread")));
    }
    CHECK(
        test::unhandled_errors()->take() ==
        std::vector<std::string>{
            "future exception was never retrieved: std::runtime_error: unread"});
    co_return;
}

VIRTUAL_TEST_CASE("a done callback runs on a later turn", "[AS-09]") {
    Promise<> promise;
    auto future = promise.get_future();
    std::vector<std::string> order;
    future.add_done_callback([&order] { order.emplace_back("callback"); });
    promise.set_value();
    order.emplace_back("set");
    co_await turns();
    CHECK(order == std::vector<std::string>{"set", "callback"});
}

VIRTUAL_TEST_CASE("a done callback on what is done runs on the next turn", "[AS-09]") {
    auto task = create_task(return_number(1));
    co_await turns();
    REQUIRE(task.done());
    bool called = false;
    task.add_done_callback([&called] { called = true; });
    CHECK_FALSE(called);
    co_await turns();
    CHECK(called);
}

VIRTUAL_TEST_CASE("done callbacks run in the order of registration, in the caller's context") {
    std::vector<int> seen;
    Promise<> promise;
    auto future = promise.get_future();
    for (int id = 1; id <= 3; ++id) {
        trace_id.set(id);
        future.add_done_callback([&seen] { seen.push_back(trace_id.get()); });
    }
    trace_id.set(9);
    promise.set_value();
    co_await turns();
    CHECK(seen == std::vector<int>{1, 2, 3});
    CHECK(trace_id.get() == 9);
}

VIRTUAL_TEST_CASE("what a done callback throws goes to the exception handler", "[AS-11]") {
    auto task = create_task(return_number(1), "porter");
    task.add_done_callback([] { throw std::runtime_error("in callback"); });
    co_await turns(2);
    CHECK(
        test::unhandled_errors()->take() ==
        std::vector<std::string>{
            "exception in a done callback [porter]: std::runtime_error: in callback"});
}

VIRTUAL_TEST_CASE("a done callback survives the handle") {
    bool called = false;
    {
        auto task = create_task(return_number(1));
        task.add_done_callback([&called] { called = true; });
    }
    co_await turns(2);
    CHECK(called);
}

TEST_CASE("a done callback that was not reached is dropped with the loop") {
    const auto resource = std::make_shared<int>(1);
    VirtualLoop loop;
    Promise<> promise;
    auto future = promise.get_future();
    auto task = loop.create_task(return_number(1));
    task.add_done_callback([resource] {});
    loop.run_until_complete(turns());
    task.add_done_callback([resource] {});
    CHECK(resource.use_count() > 1);
    loop.close();
    CHECK(resource.use_count() == 1);
}
