// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/shield.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "task_steps.h"

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

}  // namespace

VIRTUAL_TEST_CASE("shield passes on the value and the error of what it protects", "[AS-07]") {
    CHECK_AWAIT(shield(number_after(1s, 4)), awaited == 4);
    CHECK_AWAIT(shield(create_task(number_after(1s, 5))), awaited == 5);
    CHECK_AWAIT(
        settle(shield(fail_after(1s, "oops"))), text_of(awaited) == "std::runtime_error: oops");
}

VIRTUAL_TEST_CASE("cancelling a shield ends the await, and the task goes on", "[AS-07]") {
    Steps steps;
    auto waiting = create_task(shield(number_after(10s, 1, &steps, "task")));
    co_await turns(3);
    waiting.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
    CHECK(current_loop().time() == 0.0);
    co_await sleep(20s);
    CHECK(steps == Steps{"task done"});
}

VIRTUAL_TEST_CASE("a shielded handle of the caller's can be awaited again", "[AS-07]") {
    auto task = create_task(number_after(10s, 7));
    auto waiting = create_task(shield(task));
    co_await turns(2);
    waiting.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
    CHECK_AWAIT(task, awaited == 7);
}

VIRTUAL_TEST_CASE("a shield that is cancelled before its start lets the task go on", "[AS-07]") {
    Steps steps;
    auto waiting = create_task(shield(create_task(number_after(10s, 1, &steps, "task"))));
    waiting.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
    co_await sleep(20s);
    CHECK(steps == Steps{"task done"});
}

VIRTUAL_TEST_CASE("cancelling the shielded task itself reaches the awaiter", "[AS-07]") {
    auto task = create_task(number_after(10s, 7));
    auto waiting = create_task(shield(task));
    co_await turns(2);
    task.cancel();
    CHECK_AWAIT(settle(std::move(waiting)), awaited.cancelled());
}

VIRTUAL_TEST_CASE("an error after the shield was cancelled is reported", "[AS-07][AS-11]") {
    auto waiting = create_task(shield(create_task(fail_after(10s, "too late"), "porter")));
    co_await turns(2);
    waiting.cancel();
    co_await settle(std::move(waiting));
    co_await sleep(20s);
    CHECK(
        unhandled_errors()->take() ==
        Steps{"task exception was never retrieved [porter]: std::runtime_error: too late"});
}
