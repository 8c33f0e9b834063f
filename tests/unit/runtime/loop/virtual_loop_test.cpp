// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/virtual_loop.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/sync/event.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<> wait_for_ever(Event* event) {
    co_await event->wait();
}

Task<> start_and_wait(Event* event) {
    auto porter = create_task(wait_for_ever(event), "porter");
    co_await porter;
}

Task<> ignore_cancellation() {
    for (;;) {
        try {
            co_await sleep(1s);
        } catch (const CancelledError&) {  // NOLINT(bugprone-empty-catch): that is the point
        }
    }
}

}  // namespace

VIRTUAL_TEST_CASE("time jumps to the next timer") {
    const TimePoint begin = current_loop().now();
    co_await sleep(100h);
    CHECK(current_loop().now() - begin == 100h);
    co_await sleep(1ns);
    CHECK(current_loop().now() - begin == 100h + 1ns);
}

VIRTUAL_TEST_CASE("time stands still while something is left to run") {
    const TimePoint begin = current_loop().now();
    co_await turns(100);
    CHECK(current_loop().now() == begin);
}

TEST_CASE("a run that could only hang fails at once, and names the tasks") {
    VirtualLoop loop;
    Event event;
    auto main = loop.create_task(start_and_wait(&event), "main");
    CHECK_THROWS_WITH(
        loop.run_until_complete(std::move(main)),
        "virtual loop: nothing is left to run, no timer is armed, and these tasks wait: "
        "porter, main");
    CHECK_FALSE(loop.is_running());
}

TEST_CASE("run_forever with nothing to do fails at once") {
    VirtualLoop loop;
    CHECK_THROWS_AS(loop.run_forever(), DeadlockError);
}

TEST_CASE("a virtual loop closes over tasks that ignore cancellation") {
    const StderrCapture captured;
    VirtualLoop loop;
    auto task = loop.create_task(ignore_cancellation(), "deaf");
    loop.run_until_complete(turns(2));
    loop.close(5s);
    CHECK(task.cancelled());
    CHECK(loop.time() == 5.0);
    CHECK_THAT(
        captured.text(), contains("tasks that did not end when cancelled were destroyed: deaf"));
}
