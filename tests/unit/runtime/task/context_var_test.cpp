// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/context_var.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace aiomisc;
using test::turns;

ContextVar<std::string> user("user");
ContextVar<int> depth("depth", 0);

Task<std::string> change_user(std::string name) {
    const std::string before = user.get();
    user.set(std::move(name));
    co_await turns(3);
    co_return before + ">" + user.get();
}

Task<> change_depth(int value) {
    depth.set(value);
    co_return;
}

}  // namespace

VIRTUAL_TEST_CASE("a task starts with its creator's values, and keeps its own", "[AS-13]") {
    user.set("root");
    auto first = create_task(change_user("alice"));
    user.set("admin");
    auto second = create_task(change_user("bob"));
    const std::string of_first = co_await first;
    const std::string of_second = co_await second;
    CHECK(of_first == "root>alice");
    CHECK(of_second == "admin>bob");
    CHECK(user.get() == "admin");
}

VIRTUAL_TEST_CASE("an awaited task shares the values of the awaiting one", "[AS-13]") {
    co_await change_depth(3);
    CHECK(depth.get() == 3);
    co_await create_task(change_depth(4));
    CHECK(depth.get() == 3);
}

VIRTUAL_TEST_CASE("a callback has the values of the moment it was registered", "[AS-13]") {
    std::vector<int> seen;
    auto& loop = test::current_loop();
    depth.set(1);
    loop.call_soon([&seen] {
        seen.push_back(depth.get());
        depth.set(100);
    });
    depth.set(2);
    loop.call_later(Duration(1), [&seen] { seen.push_back(depth.get()); });
    depth.set(3);
    co_await sleep(Duration(2));
    CHECK(seen == std::vector<int>{1, 2});
    CHECK(depth.get() == 3);
}

VIRTUAL_TEST_CASE("reset puts back what set replaced", "[AS-13]") {
    CHECK(depth.get() == 0);
    const auto outer = depth.set(1);
    const auto inner = depth.set(2);
    depth.reset(inner);
    CHECK(depth.get() == 1);
    depth.reset(outer);
    CHECK(depth.get() == 0);
    co_return;
}

TEST_CASE("a variable without a value and without a default says so") {
    ContextVar<int> unset("unset");
    CHECK(unset.get_if_set() == nullptr);
    CHECK_THROWS_WITH(unset.get(), "context variable unset has no value");
}

TEST_CASE("each thread has values of its own", "[AS-13]") {
    const auto token = depth.set(7);
    int in_thread = -1;
    std::thread([&in_thread] {
        in_thread = depth.get();
        depth.set(8);
    }).join();
    CHECK(in_thread == 0);
    CHECK(depth.get() == 7);
    depth.reset(token);
}
