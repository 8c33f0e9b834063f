// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/new_thread.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/thread/thread_pool.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

std::string thread_name() {
    std::array<char, 16> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    return name.data();
}

}  // namespace

ASYNC_TEST_CASE("a function runs in a thread of its own", "[TH-07]") {
    auto call = run_in_new_thread([](int a, int b) { return a * b; }, 6, 7);
    CHECK_AWAIT(call, awaited == 42);
    auto named = run_in_new_thread({.name = "own"}, thread_name);
    CHECK_AWAIT(named, awaited == "own");
    CHECK_AWAIT(
        settle(run_in_new_thread([] { throw std::runtime_error("no"); })),
        text_of(awaited) == "std::runtime_error: no");
}

ASYNC_TEST_CASE(
    "the thread starts on the next turn, unless nobody waits by then", "[TH-04][TH-05]") {
    const auto resource = std::make_shared<int>(1);
    std::atomic<int> runs = 0;
    auto dropped = run_in_new_thread([&runs, resource] { ++runs; });
    dropped.cancel();
    auto kept = run_in_new_thread([&runs] { ++runs; });
    CHECK(runs == 0);
    co_await kept;
    CHECK(runs == 1);
    CHECK(resource.use_count() == 1);
}

ASYNC_TEST_CASE("a thread whose result nobody wants", "[TH-07]") {
    Gate done;
    start_new_thread({}, [&done] { done.open(); });
    start_new_thread({}, [&done] {
        done.wait();
        throw std::runtime_error("into the handler");
    });
    std::vector<std::string> errors;
    for (int tries = 0; errors.empty() && tries < 30'000; ++tries) {
        co_await sleep(1ms);
        errors = unhandled_errors()->take();
    }
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors.front(), contains("std::runtime_error: into the handler"));
}

ASYNC_TEST_CASE("a thread of its own is counted when it has a name for it", "[TH-07][TH-16]") {
    auto count = run_in_new_thread({.statistic_name = "mine"}, [] {
        const auto values = get_statistics<ThreadPoolStatistic>();
        return values.empty() ? std::string() : values.front().name;
    });
    CHECK_AWAIT(count, awaited == "mine");
}

TEST_CASE("a detached thread outlives its loop, and does not touch it", "[TH-04][TH-05]") {
    const auto let_go = std::make_shared<Gate>();
    const auto ended = std::make_shared<Gate>();
    Gate started;
    const auto resource = std::make_shared<int>(1);
    {
        EventLoop loop;
        loop.call_soon([&] {
            auto call = run_in_new_thread([&started, let_go, ended, resource] {
                started.open();
                let_go->wait();
                ended->open();
            });
            std::move(call).release();
        });
        loop.run_until_complete(turns(3));
        REQUIRE(started.wait());
    }
    const StderrCapture captured;
    let_go->open();
    CHECK(ended->wait());
    CHECK(wait_until([&] { return resource.use_count() == 1; }, 30s));
}

TEST_CASE("a thread that is not detached is waited for when the loop closes", "[TH-04]") {
    std::atomic<bool> ended = false;
    Gate started;
    {
        EventLoop loop;
        loop.call_soon([&] {
            start_new_thread({.detach = false}, [&, reference = LoopRef(loop)] {
                started.open();
                while (!reference.closed()) {  // it goes on until the close has begun
                    std::this_thread::yield();
                }
                ended = true;
            });
        });
        loop.run_until_complete(turns(3));
        REQUIRE(started.wait());
        loop.close();
        CHECK(ended);
    }
}

ASYNC_TEST_CASE("threads that come and go are joined on the way", "[TH-04]") {
    for (int number = 0; number < 200; ++number) {
        auto call = run_in_new_thread({.detach = false}, [number] { return number; });
        CHECK_AWAIT(call, awaited == number);
    }
}
