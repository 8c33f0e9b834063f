// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/context.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <optional>
#include <string>
#include <thread>

using namespace aiomisc;
using namespace aiomisc::test;

ASYNC_TEST_CASE("a key is awaited before it is set, by many", "[CX-02][test_service_events]") {
    Context context(EventLoop::current());
    auto first = create_task(context.get<int>("port"));
    auto second = create_task(context.get<int>("port"));
    co_await turns(2);
    CHECK_FALSE(first.done());
    context.set("port", 8080);
    CHECK_AWAIT(first, awaited == 8080);
    CHECK_AWAIT(second, awaited == 8080);
}

ASYNC_TEST_CASE("a key that is set may be awaited many times", "[CX-02][test_service_events_2]") {
    Context context(EventLoop::current());
    context.set("name", "text");
    CHECK_AWAIT(context.get<std::string>("name"), awaited == "text");
    CHECK_AWAIT(context.get<std::string>("name"), awaited == "text");
}

ASYNC_TEST_CASE("setting a key takes effect on a later turn", "[CX-03]") {
    Context context(EventLoop::current());
    auto value = create_task(context.get<int>("key"));
    context.set("key", 1);
    CHECK_FALSE(value.done());
    CHECK_AWAIT(value, awaited == 1);
}

ASYNC_TEST_CASE(
    "a key may be set again: what was asked before keeps the old value",
    "[CX-03][test_context_multiple_set]") {
    Context context(EventLoop::current());
    using Answer = std::optional<bool>;
    context.set("answer", Answer(true));
    co_await turns(2);
    Task<Answer> before = context.get<Answer>("answer");
    context.set("answer", Answer(false));
    co_await turns(2);
    CHECK_AWAIT(std::move(before), awaited == Answer(true));
    CHECK_AWAIT(context.get<Answer>("answer"), awaited == Answer(false));
    context.set("answer", Answer());
    co_await turns(2);
    CHECK_AWAIT(context.get<Answer>("answer"), awaited == Answer());
}

ASYNC_TEST_CASE("threads may set a key", "[CX-03]") {
    Context context(EventLoop::current());
    std::thread thread([&context] { context.set("from", std::string("thread")); });
    CHECK_AWAIT(context.get<std::string>("from"), awaited == "thread");
    thread.join();
}

ASYNC_TEST_CASE("a value of another type is an error that names both", "[CX-02]") {
    Context context(EventLoop::current());
    context.set("key", 1);
    const auto outcome = co_await settle(context.get<double>("key"));
    CHECK_THAT(text_of(outcome), contains("context key key holds int, not double"));
}

ASYNC_TEST_CASE("closing cancels who waits", "[CX-05]") {
    Context context(EventLoop::current());
    auto waiting = create_task(context.get<int>("never"));
    co_await turns(2);
    context.close();
    const auto outcome = co_await settle(std::move(waiting));
    CHECK(outcome.cancelled());
    const auto late = co_await settle(context.get<int>("later"));
    CHECK(late.cancelled());
    context.set("key", 1);
    co_await turns(2);
    context.close();
}

ASYNC_TEST_CASE("the context belongs to the loop", "[CX-01][CX-04]") {
    CHECK_THROWS_AS(get_context(), InvalidStateError);
    {
        Context context(EventLoop::current());
        CHECK(&get_context() == &context);
        CHECK(&get_context(EventLoop::current()) == &context);
        CHECK_THROWS_AS(Context(EventLoop::current()), InvalidStateError);
    }
    CHECK_THROWS_AS(get_context(), InvalidStateError);
    co_return;
}

TEST_CASE("a closed loop has no context", "[CX-04]") {
    EventLoop loop;
    loop.close();
    CHECK_THROWS_AS(get_context(loop), InvalidStateError);
}

ASYNC_TEST_CASE("a context counts", "[ST-04]") {
    Context context(EventLoop::current());
    context.set("a", 1);
    CHECK_AWAIT(context.get<int>("a"), awaited == 1);
    const auto found = get_statistics<ContextStatistic>();
    REQUIRE(found.size() == 2);
    CHECK(found[0].metric == "get");
    CHECK(found[0].value == 1);
    CHECK(found[1].metric == "set");
    CHECK(found[1].value == 1);
}
