// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/gather.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "task_steps.h"

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/task/gather_settled.h>

#include <memory>
#include <string>
#include <tuple>
#include <variant>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

Task<std::unique_ptr<std::string>> make_text(std::string text) {
    co_return std::make_unique<std::string>(std::move(text));
}

Task<> nothing() {
    co_return;
}

std::vector<Task<int>> numbers(int count) {
    std::vector<Task<int>> tasks;
    for (int number = 0; number < count; ++number) {
        tasks.push_back(number_after(std::chrono::seconds(count - number), number));
    }
    return tasks;
}

}  // namespace

VIRTUAL_TEST_CASE("gather returns values in the order of its arguments", "[AS-04]") {
    auto [number, text, empty] =
        co_await gather(number_after(2s, 4), make_text("four"), create_task(nothing()));
    CHECK(number == 4);
    CHECK(*text == "four");
    CHECK(empty == std::monostate());
    CHECK_AWAIT(gather(), awaited == std::tuple<>());
}

VIRTUAL_TEST_CASE("gather runs its arguments at the same time, started in their order", "[AS-04]") {
    Steps steps;
    co_await gather(note_start(&steps, "a"), note_start(&steps, "b"), note_start(&steps, "c"));
    CHECK(steps == Steps{"a started", "b started", "c started"});
    co_await gather(number_after(3s, 1), number_after(3s, 2));
    CHECK(current_loop().time() == 3.0);
}

VIRTUAL_TEST_CASE("gather takes a vector of tasks or handles, an empty one included", "[AS-04]") {
    CHECK_AWAIT(gather(numbers(4)), awaited == std::vector<int>{0, 1, 2, 3});
    std::vector<TaskHandle<int>> handles;
    for (auto& task : numbers(3)) {
        handles.push_back(create_task(std::move(task)));
    }
    CHECK_AWAIT(gather(std::move(handles)), awaited == std::vector<int>{0, 1, 2});
    CHECK_AWAIT(gather(std::vector<Task<int>>()), awaited.empty());
    CHECK_AWAIT(gather(std::vector<TaskHandle<>>()), awaited.empty());
}

VIRTUAL_TEST_CASE("gather delivers the first error at once, the others go on", "[AS-04]") {
    Steps steps;
    const auto outcome = co_await settle(gather(
        number_after(10s, 1, &steps, "slow"), fail_after(2s, "first"), fail_after(3s, "second")));
    CHECK(text_of(outcome) == "std::runtime_error: first");
    CHECK(current_loop().time() == 2.0);
    CHECK(steps.empty());
    co_await sleep(10s);
    CHECK(steps == Steps{"slow done"});
    // The second error belongs to a gather that has ended: it is not reported.
    CHECK(unhandled_errors()->take().empty());
}

VIRTUAL_TEST_CASE("a member of a vector that fails leaves the others running too", "[AS-04]") {
    Steps steps;
    std::vector<Task<int>> tasks;
    tasks.push_back(number_after(10s, 1, &steps, "slow"));
    tasks.push_back(fail_after(1s, "first"));
    const auto outcome = co_await settle(gather(std::move(tasks)));
    CHECK(text_of(outcome) == "std::runtime_error: first");
    co_await sleep(20s);
    CHECK(steps == Steps{"slow done"});
}

VIRTUAL_TEST_CASE("gather of what has failed already throws without waiting", "[AS-04]") {
    auto failed = create_task(fail_after(0s, "before"));
    co_await turns(3);
    REQUIRE(failed.done());
    const auto outcome = co_await settle(gather(number_after(1h, 1), std::move(failed)));
    CHECK(text_of(outcome) == "std::runtime_error: before");
    CHECK(current_loop().time() == 0.0);
}

VIRTUAL_TEST_CASE("a member that is cancelled cancels the gather, not its siblings", "[AS-04]") {
    Steps steps;
    Promise<int> promise;
    auto gathering =
        create_task(gather(promise.get_future(), number_after(10s, 1, &steps, "slow")));
    co_await turns(3);
    promise = Promise<int>();
    CHECK_AWAIT_THAT(settle(std::move(gathering)), text_of(awaited), contains("promise dropped"));
    auto task = create_task(number_after(1h, 1));
    task.cancel();
    CHECK_AWAIT(settle(gather(std::move(task), number_after(1s, 1))), awaited.cancelled());
    co_await sleep(20s);
    CHECK(steps == Steps{"slow done"});
}

VIRTUAL_TEST_CASE("cancelling a gather cancels all, and waits until they ended", "[AS-04]") {
    Steps steps;
    auto gathering = create_task(gather(
        slow_to_cancel(5s, &steps, "a"), number_after(1h, 1, &steps, "b"), number_after(1s, 1)));
    co_await sleep(2s);
    gathering.cancel();
    CHECK_AWAIT(settle(std::move(gathering)), awaited.cancelled());
    CHECK(steps == Steps{"a cancelled", "b cancelled", "a cleaned up"});
    CHECK(current_loop().time() == 7.0);
}

VIRTUAL_TEST_CASE("cancelling a gather before its members started never runs them", "[AS-04]") {
    Steps steps;
    auto gathering = create_task(gather(note_start(&steps, "a"), note_start(&steps, "b")));
    current_loop().call_soon([&gathering] { gathering.cancel(); });
    co_await turns(5);
    CHECK(gathering.cancelled());
    CHECK(steps.empty());
}

VIRTUAL_TEST_CASE("a cancelled gather is cancelled even if its members swallow it", "[AS-04]") {
    auto gathering = create_task(gather(stubborn(1), stubborn(2)));
    co_await turns(3);
    gathering.cancel();
    CHECK_AWAIT(settle(std::move(gathering)), awaited.cancelled());
    CHECK(current_loop().time() == 1.0);
}

VIRTUAL_TEST_CASE("an error of a member wins over the cancellation of a gather", "[AS-04]") {
    Steps steps;
    auto gathering =
        create_task(gather(slow_to_cancel(5s, &steps, "a"), fail_when_cancelled("cleanup failed")));
    co_await turns(3);
    gathering.cancel();
    const auto outcome = co_await settle(std::move(gathering));
    CHECK(text_of(outcome) == "std::runtime_error: cleanup failed");
    CHECK(steps == Steps{"a cancelled", "a cleaned up"});
}

VIRTUAL_TEST_CASE("a second cancellation of a gather reaches the members again", "[AS-04]") {
    Steps steps;
    auto gathering = create_task(gather(slow_to_cancel(5h, &steps, "a")));
    co_await turns(3);
    gathering.cancel();
    co_await turns(3);
    gathering.cancel();
    CHECK_AWAIT(settle(std::move(gathering)), awaited.cancelled());
    CHECK(steps == Steps{"a cancelled"});
    CHECK(current_loop().time() == 0.0);
}

VIRTUAL_TEST_CASE("gather_settled returns every outcome", "[AS-04]") {
    auto cancelled = create_task(number_after(1h, 1));
    cancelled.cancel();
    auto [value, error, gone, empty] = co_await gather_settled(
        number_after(1s, 4), fail_after(2s, "oops"), std::move(cancelled), nothing());
    CHECK(value.has_value());
    CHECK(value.value() == 4);
    CHECK(*value == 4);
    CHECK(value.error() == nullptr);
    CHECK_FALSE(error.has_value());
    CHECK_THROWS_WITH(error.value(), "oops");
    CHECK(text_of(error) == "std::runtime_error: oops");
    CHECK(gone.cancelled());
    CHECK_THROWS_AS(gone.value(), CancelledError);
    CHECK(empty.has_value());
}

VIRTUAL_TEST_CASE("gather_settled takes a vector, an empty one included", "[AS-04]") {
    auto tasks = numbers(2);
    tasks.push_back(fail_after(1s, "oops"));
    const auto outcomes = co_await gather_settled(std::move(tasks));
    REQUIRE(outcomes.size() == 3);
    CHECK(outcomes[0].value() == 0);
    CHECK(outcomes[1].value() == 1);
    CHECK(text_of(outcomes[2]) == "std::runtime_error: oops");
    CHECK_AWAIT(gather_settled(std::vector<TaskHandle<int>>()), awaited.empty());
}

VIRTUAL_TEST_CASE("gather_settled hands out values that can only be moved") {
    auto [text] = co_await gather_settled(make_text("moved"));
    const std::unique_ptr<std::string> taken = std::move(text).value();
    CHECK(*taken == "moved");
}

VIRTUAL_TEST_CASE("cancelling gather_settled cancels all, and waits until they ended", "[AS-04]") {
    Steps steps;
    auto gathering = create_task(gather_settled(slow_to_cancel(5s, &steps, "a")));
    co_await turns(3);
    gathering.cancel();
    CHECK_AWAIT(settle(std::move(gathering)), awaited.cancelled());
    CHECK(steps == Steps{"a cancelled", "a cleaned up"});
}

VIRTUAL_TEST_CASE("gathers nest, and take primitives") {
    Event event;
    current_loop().call_later(1s, [&event] { event.set(); });
    auto [both, waited] =
        co_await gather(gather(number_after(1s, 1), number_after(2s, 2)), event.wait());
    CHECK(both == std::tuple(1, 2));
    CHECK(waited == std::monostate());
}

VIRTUAL_TEST_CASE("ten thousand tasks are gathered") {
    std::vector<Task<int>> tasks;
    for (int number = 0; number < 10'000; ++number) {
        tasks.push_back(number_after(std::chrono::milliseconds(number % 17), number));
    }
    const auto values = co_await gather(std::move(tasks));
    REQUIRE(values.size() == 10'000);
    CHECK(values[9'999] == 9'999);
}
