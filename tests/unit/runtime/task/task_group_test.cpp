// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/task_group.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"
#include "task_steps.h"

#include <memory>
#include <stdexcept>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<> run(Task<int> task) {
    co_await task;
}

Task<> spawn_another(TaskGroup* group, Steps* steps) {
    co_await sleep(1s);
    group->spawn(run(number_after(1s, 1, steps, "second generation")));
}

}  // namespace

VIRTUAL_TEST_CASE("join waits for all members") {
    Steps steps;
    TaskGroup group;
    group.spawn(run(number_after(2s, 1, &steps, "a")));
    group.spawn(run(number_after(1s, 1, &steps, "b")));
    CHECK(group.size() == 2);
    co_await group.join();
    CHECK(group.size() == 0);
    CHECK(steps == Steps{"b done", "a done"});
    co_await group.join();
}

VIRTUAL_TEST_CASE("members may spawn members while the group is joined") {
    Steps steps;
    TaskGroup group;
    group.spawn(spawn_another(&group, &steps));
    co_await group.join();
    CHECK(steps == Steps{"second generation done"});
}

VIRTUAL_TEST_CASE("the first error cancels the others, and join throws it after their end") {
    Steps steps;
    TaskGroup group;
    group.spawn(run(slow_to_cancel(5s, &steps, "a")));
    group.spawn(run(number_after(1h, 1, &steps, "b")));
    group.spawn(run(fail_after(1s, "first")));
    const auto outcome = co_await settle(group.join());
    CHECK(text_of(outcome) == "std::runtime_error: first");
    CHECK(steps == Steps{"a cancelled", "b cancelled", "a cleaned up"});
    CHECK(group.size() == 0);
}

VIRTUAL_TEST_CASE("an error cancels the others before anybody joins") {
    Steps steps;
    TaskGroup group;
    group.spawn(run(number_after(1h, 1, &steps, "a")));
    group.spawn(run(fail_after(1s, "first")));
    co_await sleep(2s);
    CHECK(steps == Steps{"a cancelled"});
    group.spawn(run(note_start(&steps, "late")));
    CHECK_THROWS_WITH(co_await group.join(), "first");
    CHECK(steps == Steps{"a cancelled"});
    // What is over is over: the group may be used again.
    group.spawn(run(note_start(&steps, "next")));
    co_await group.join();
    CHECK(steps == Steps{"a cancelled", "next started"});
}

VIRTUAL_TEST_CASE("errors after the first are reported", "[AS-11]") {
    TaskGroup group;
    group.spawn(run(fail_when_cancelled("second")));
    group.spawn(run(fail_after(1s, "first")));
    CHECK_THROWS_WITH(co_await group.join(), "first");
    CHECK(
        unhandled_errors()->take() ==
        Steps{"task exception was never retrieved: std::runtime_error: second"});
}

VIRTUAL_TEST_CASE("a member that is cancelled on its own is no error") {
    Steps steps;
    TaskGroup group;
    auto inner = create_task(number_after(1h, 1));
    group.spawn([](TaskHandle<int>* handle) -> Task<> { co_await *handle; }(&inner));
    group.spawn(run(number_after(2s, 1, &steps, "other")));
    co_await turns(2);
    inner.cancel();
    co_await group.join();
    CHECK(steps == Steps{"other done"});
}

VIRTUAL_TEST_CASE("cancel ends all members, and join returns normally") {
    Steps steps;
    TaskGroup group;
    group.spawn(run(slow_to_cancel(5s, &steps, "a")));
    co_await turns(2);
    group.cancel();
    group.spawn(run(note_start(&steps, "late")));
    co_await group.join();
    CHECK(steps == Steps{"a cancelled", "a cleaned up"});
}

VIRTUAL_TEST_CASE("cancelling join cancels the members, and waits until they ended") {
    Steps steps;
    TaskGroup group;
    group.spawn(run(slow_to_cancel(5s, &steps, "a")));
    auto joining = create_task(group.join());
    co_await turns(3);
    joining.cancel();
    CHECK_AWAIT(settle(std::move(joining)), awaited.cancelled());
    CHECK(steps == Steps{"a cancelled", "a cleaned up"});
    CHECK(group.size() == 0);
}

VIRTUAL_TEST_CASE("two tasks must not join the same group") {
    TaskGroup group;
    group.spawn(run(number_after(1s, 1)));
    auto joining = create_task(group.join());
    co_await turns(2);
    CHECK_THROWS_AS(co_await group.join(), InvalidStateError);
    co_await joining;
}

VIRTUAL_TEST_CASE("a group that is destroyed cancels its members, and says so") {
    Steps steps;
    const StderrCapture captured;
    {
        TaskGroup group;
        group.spawn(run(number_after(1h, 1, &steps, "a")));
        co_await turns(3);
    }
    co_await turns(3);
    CHECK(steps == Steps{"a cancelled"});
    CHECK_THAT(captured.text(), contains("task group destroyed with 1 tasks running"));
}

VIRTUAL_TEST_CASE("members that have ended leave nothing behind") {
    TaskGroup group;
    for (int round = 0; round < 1000; ++round) {
        group.spawn(turns(1));
        co_await turns(3);
        REQUIRE(group.size() == 0);
    }
    co_await group.join();
}
