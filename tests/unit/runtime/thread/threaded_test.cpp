// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/threaded.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/gather.h>

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;

struct Greeter {
    [[nodiscard]] std::string greet(const std::string& who) const { return greeting + who; }

    std::string greeting = "hello ";
};

ContextVar<std::string> context_user("user", "nobody");

int add(int left, int right) {
    return left + right;
}

}  // namespace

ASYNC_TEST_CASE("threaded makes a function that is awaited", "[TH-01]") {
    const auto threaded_add = threaded(add);
    CHECK_AWAIT(threaded_add(1, 2), awaited == 3);
    const auto where = threaded([] { return std::this_thread::get_id(); });
    CHECK_AWAIT(where(), awaited != std::this_thread::get_id());
}

ASYNC_TEST_CASE("five threaded calls run at the same time", "[TH-01][test_threaded]") {
    set_default_executor(EventLoop::current(), std::make_shared<ThreadPoolExecutor>(5));
    Gate inside;
    const auto meet = threaded([&inside](int number) {
        inside.open();
        return inside.wait(5) ? number : -1;
    });
    const auto [a, b, c, d, e] = co_await gather(meet(1), meet(2), meet(3), meet(4), meet(5));
    CHECK(a + b + c + d + e == 15);
}

ASYNC_TEST_CASE("an error of the function is thrown by the await", "[TH-01][test_threaded_exc]") {
    const auto fail = threaded([](const std::string& text) { throw std::runtime_error(text); });
    for (int number = 0; number < 90; ++number) {
        CHECK_AWAIT(
            settle(fail(std::to_string(number))),
            text_of(awaited) == "std::runtime_error: " + std::to_string(number));
    }
}

ASYNC_TEST_CASE(
    "a member function: calling, async_call and sync_call agree",
    "[TH-02][test_threaded_class_func][test_threaded_class_method]") {
    const Greeter greeter;
    const auto greet = threaded(&Greeter::greet);
    CHECK_AWAIT(greet(&greeter, "world"), awaited == "hello world");
    CHECK_AWAIT(greet.async_call(greeter, "world"), awaited == "hello world");
    CHECK(greet.sync_call(greeter, "world") == "hello world");
}

TEST_CASE("a call without a loop waits for one", "[TH-03]") {
    const auto threaded_add = threaded(add);
    Task<int> call = threaded_add(2, 3);
    EventLoop loop;
    CHECK(loop.run_until_complete(std::move(call)) == 5);
}

ASYNC_TEST_CASE(
    "arguments and context are those of the call, not of the await", "[TH-06][test_context_vars]") {
    const auto read = threaded([](const std::string& text) { return text + context_user.get(); });
    std::string text = "by ";
    context_user.set("alice");
    Task<std::string> first = read(text);
    context_user.set("bob");
    text = "and by ";
    Task<std::string> second = read(text);
    context_user.set("carol");
    CHECK_AWAIT(second, awaited == "and by bob");
    CHECK_AWAIT(first, awaited == "by alice");
}

ASYNC_TEST_CASE("a call that is never awaited never runs", "[TH-03]") {
    int runs = 0;
    const auto count = threaded([&runs] { ++runs; });
    {
        const Task<> call = count();
        static_cast<void>(call);
    }
    co_await turns(2);
    CHECK(runs == 0);
}

ASYNC_TEST_CASE("threaded_separate gives each call a thread of its own", "[TH-04]") {
    Gate inside;
    const auto meet = threaded_separate(
        [&inside](int) {
            inside.open();
            return inside.wait(40) ? std::this_thread::get_id() : std::thread::id();
        },
        {.name = "own"});
    std::vector<TaskHandle<std::thread::id>> calls;
    for (int number = 0; number < 40; ++number) {
        calls.push_back(create_task(meet(number)));
    }
    std::set<std::thread::id> ids;
    for (auto& call : calls) {
        ids.insert(co_await call);
    }
    CHECK(ids.size() == 40);
    CHECK(ids.count(std::thread::id()) == 0);
    CHECK(get_statistics<ThreadPoolStatistic>().empty());
}
