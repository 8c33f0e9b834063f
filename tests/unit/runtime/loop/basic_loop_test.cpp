// SPDX-License-Identifier: MIT

// What every loop does, shown on the virtual one; event_loop_test.cpp has what needs libuv.

#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/virtual_loop.h>

#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<int> return_after(Duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}

Task<> stop_loop(BasicLoop* loop) {
    loop->stop();
    co_await sleep(1h);
}

Task<> run_nested(BasicLoop* loop) {
    loop->run_forever();
    co_return;
}

}  // namespace

TEST_CASE("callbacks run in the order of call_soon", "[AS-10]") {
    VirtualLoop loop;
    std::vector<int> order;
    for (int number = 0; number < 5; ++number) {
        loop.call_soon([&order, number] { order.push_back(number); });
    }
    loop.run_until_complete(turns());
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("what a callback schedules runs on the next turn", "[AS-10]") {
    VirtualLoop loop;
    std::vector<std::string> order;
    loop.call_soon([&] {
        order.emplace_back("a");
        loop.call_soon([&order] { order.emplace_back("c"); });
    });
    loop.call_soon([&order] { order.emplace_back("b"); });
    loop.run_until_complete(turns(2));
    CHECK(order == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("timers fire by deadline, equal ones in the order of arming", "[AS-10]") {
    VirtualLoop loop;
    std::vector<int> order;
    const auto note = [&order](int number) {
        return [&order, number] { order.push_back(number); };
    };
    loop.call_later(3s, note(5));
    loop.call_later(1s, note(1));
    loop.call_later(2s, note(3));
    loop.call_later(1s, note(2));
    loop.call_at(loop.now() + 2s, note(4));
    loop.run_until_complete(return_after(4s, 0));
    CHECK(order == std::vector<int>{1, 2, 3, 4, 5});
}

TEST_CASE("timers fire in order whatever the order of arming", "[AS-10]") {
    VirtualLoop loop;
    std::mt19937 random(3);
    std::vector<Duration> fired;
    for (int number = 0; number < 1000; ++number) {
        const Duration delay(random() % 500);
        loop.call_later(delay, [&fired, delay] { fired.push_back(delay); });
    }
    loop.run_until_complete(return_after(1s, 0));
    CHECK(fired.size() == 1000);
    CHECK(std::is_sorted(fired.begin(), fired.end()));
}

TEST_CASE("a cancelled callback does not run, and drops what it captured", "[AS-10]") {
    VirtualLoop loop;
    const auto resource = std::make_shared<int>(1);
    auto soon = loop.call_soon([resource] { FAIL("cancelled"); });
    auto later = loop.call_later(1s, [resource] { FAIL("cancelled"); });
    CHECK(later.when() == loop.now() + 1s);
    CHECK_FALSE(soon.cancelled());
    soon.cancel();
    later.cancel();
    CHECK(soon.cancelled());
    CHECK(resource.use_count() == 1);
    loop.run_until_complete(return_after(2s, 0));
}

TEST_CASE("a handle of a callback that ran may be cancelled, or outlive the loop", "[AS-10]") {
    CallHandle ran;
    CallHandle left;
    {
        VirtualLoop loop;
        ran = loop.call_soon([] {});
        loop.run_until_complete(turns());
        left = loop.call_later(1h, [] {});
    }
    ran.cancel();
    left.cancel();
    CHECK(left.cancelled());
    CallHandle().cancel();
}

TEST_CASE("run_until_complete returns the value, other tasks stay", "[AS-12]") {
    VirtualLoop loop;
    auto other = loop.create_task(return_after(10s, 2));
    CHECK(loop.run_until_complete(return_after(1s, 1)) == 1);
    CHECK_FALSE(other.done());
    CHECK_FALSE(loop.is_running());
    CHECK(loop.run_until_complete(std::move(other)) == 2);
    CHECK(loop.time() == 10.0);
}

TEST_CASE("stop ends the current turn, and nothing later runs", "[AS-12]") {
    VirtualLoop loop;
    std::vector<std::string> order;
    loop.call_soon([&] {
        order.emplace_back("stops");
        loop.stop();
        loop.call_soon([&order] { order.emplace_back("next turn"); });
    });
    loop.call_soon([&order] { order.emplace_back("same turn"); });
    loop.run_forever();
    CHECK(order == std::vector<std::string>{"stops", "same turn"});
    loop.call_soon([&loop] { loop.stop(); });
    loop.run_forever();
    CHECK(order == std::vector<std::string>{"stops", "same turn", "next turn"});
}

TEST_CASE("stop before the run ends it after one turn", "[AS-12]") {
    VirtualLoop loop;
    int ran = 0;
    loop.call_soon([&] {
        ++ran;
        loop.call_soon([&ran] { ++ran; });
    });
    loop.stop();
    loop.run_forever();
    CHECK(ran == 1);
}

TEST_CASE("run_until_complete fails when the loop is stopped first", "[AS-12]") {
    VirtualLoop loop;
    CHECK_THROWS_WITH(
        loop.run_until_complete(stop_loop(&loop)), "loop stopped before future completed");
    CHECK_FALSE(loop.is_running());
}

TEST_CASE("a loop does not run inside of itself, nor of another", "[AS-12]") {
    VirtualLoop loop;
    VirtualLoop other;
    CHECK_THROWS_AS(loop.run_until_complete(run_nested(&loop)), InvalidStateError);
    CHECK_THROWS_AS(loop.run_until_complete(run_nested(&other)), InvalidStateError);
    CHECK(loop.run_until_complete(return_after(0s, 1)) == 1);
}

TEST_CASE("what a callback throws goes to the exception handler, the loop goes on", "[AS-11]") {
    VirtualLoop loop;
    UnhandledErrors errors(loop);
    loop.call_soon([] { throw std::runtime_error("oops"); });
    loop.run_until_complete(turns());
    CHECK(
        errors.take() ==
        std::vector<std::string>{"exception in callback: std::runtime_error: oops"});
}

TEST_CASE("without a handler, unhandled errors are logged", "[AS-11]") {
    const StderrCapture captured;
    VirtualLoop loop;
    loop.call_soon([] { throw std::runtime_error("oops"); });
    loop.run_until_complete(turns());
    loop.set_exception_handler([](const ExceptionContext&) { throw std::logic_error("worse"); });
    loop.call_soon([] { throw std::runtime_error("again"); });
    loop.run_until_complete(turns());
    CHECK_THAT(captured.text(), contains("exception in callback\nstd::runtime_error: oops"));
    CHECK_THAT(
        captured.text(), contains("exception in the exception handler: std::logic_error: worse"));
}

TEST_CASE("debug mode reports slow callbacks") {
    const StderrCapture captured;
    VirtualLoop loop;
    loop.set_slow_callback_duration(2ms);
    loop.call_soon([] { std::this_thread::sleep_for(5ms); });
    loop.run_until_complete(turns());
    CHECK(captured.text().empty());
    loop.set_debug(true);
    loop.call_soon([] { std::this_thread::sleep_for(5ms); });
    loop.run_until_complete(turns());
    CHECK_THAT(captured.text(), contains("callback took 0.0"));
}

TEST_CASE(
    "an error that nobody saw is one record, with the exception and its task",
    "[LG-16][test_call_with_exception][test_call_with_task]") {
    struct Keep final : log::Sink {
        void emit(const log::Record& record) override {
            texts.push_back(std::string(record.logger) + ": " + std::string(record.message));
            errors.push_back(describe_exception(record.exception));
            for (const log::Field& field : record.fields) {
                keys.emplace_back(field.key);
            }
        }

        std::vector<std::string> texts;
        std::vector<std::string> errors;
        std::vector<std::string> keys;
    };

    const auto keep = std::make_shared<Keep>();
    log::basic_config({.log_format = log::Format::kDisabled, .handlers = {keep}});
    {
        EventLoop loop;
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
    }
    log::basic_config();
    REQUIRE(keep->texts.size() == 1);
    CHECK_THAT(keep->texts.front(), starts_with("asyncio.unhandled: "));
    CHECK(keep->errors.front() == "std::runtime_error: unseen");
    CHECK(std::ranges::find(keep->keys, "task") != keep->keys.end());
}
