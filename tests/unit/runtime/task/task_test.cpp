// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/task.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"

#include <aiomisc/runtime/task/current_task.h>
#include <aiomisc/runtime/task/sleep.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using test::settle;
using test::text_of;
using test::turns;

Task<> note(std::vector<int>* order, int number) {
    order->push_back(number);
    co_return;
}

// --- how deep the stack is ---

/// Where the stack of a plain function called from here begins.
[[gnu::noinline]] std::uintptr_t stack_position() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

/// The highest and the lowest position seen.
struct StackRange {
    std::uintptr_t lowest = UINTPTR_MAX;
    std::uintptr_t highest = 0;

    void note() {
        const std::uintptr_t position = stack_position();
        lowest = std::min(lowest, position);
        highest = std::max(highest, position);
    }

    [[nodiscard]] std::uintptr_t bytes() const { return highest - lowest; }
};

/// Coroutines resume at one depth; what remains are the frames of their own call chain.
constexpr std::uintptr_t kConstantDepth = 4096;

Task<int> immediate(StackRange* range, int value) {
    range->note();
    co_return value;
}

Task<int> chain(StackRange* range, int depth) {
    range->note();
    if (depth == 0) {
        co_await sleep(Duration::zero());
        co_return 0;
    }
    const int below = co_await chain(range, depth - 1);
    range->note();
    co_return below + 1;
}

Task<int> failing_chain(int depth) {
    if (depth == 0) {
        throw std::runtime_error("at the bottom");
    }
    co_return co_await failing_chain(depth - 1);
}

/// Throws when moved for the `moves`-th time.
class ThrowsWhenMoved {
public:
    explicit ThrowsWhenMoved(int moves) : moves_(moves) {}

    ThrowsWhenMoved(ThrowsWhenMoved&& other) : moves_(other.moves_ - 1) {
        if (moves_ == 0) {
            throw std::runtime_error("move failed");
        }
    }

    ThrowsWhenMoved& operator=(ThrowsWhenMoved&&) = delete;
    ThrowsWhenMoved(const ThrowsWhenMoved&) = delete;
    ThrowsWhenMoved& operator=(const ThrowsWhenMoved&) = delete;
    ~ThrowsWhenMoved() = default;

private:
    int moves_;
};

Task<ThrowsWhenMoved> make_throwing(int moves) {
    co_return ThrowsWhenMoved(moves);
}

Task<std::unique_ptr<int>> make_unique_int(int value) {
    co_await sleep(Duration::zero());
    co_return std::make_unique<int>(value);
}

Task<std::string> current_name() {
    co_return current_task().name();
}

}  // namespace

VIRTUAL_TEST_CASE("a task runs when it is awaited, and not before") {
    std::vector<int> order;
    Task<> lazy = note(&order, 1);
    co_await turns(3);
    CHECK(order.empty());
    co_await lazy;
    CHECK(order == std::vector<int>{1});
}

VIRTUAL_TEST_CASE("an awaited task runs at once, inside the awaiting one") {
    std::vector<int> order;
    const auto other = create_task(note(&order, 2));
    co_await note(&order, 1);
    co_await turns(2);
    CHECK(order == std::vector<int>{1, 2});
}

VIRTUAL_TEST_CASE("create_task starts on a later turn, in line with callbacks", "[AS-01]") {
    std::vector<int> order;
    auto& loop = test::current_loop();
    loop.call_soon([&order] { order.push_back(1); });
    const auto first = create_task(note(&order, 2));
    loop.call_soon([&order] { order.push_back(3); });
    const auto second = create_task(note(&order, 4));
    CHECK(order.empty());
    co_await turns(2);
    CHECK(order == std::vector<int>{1, 2, 3, 4});
}

VIRTUAL_TEST_CASE("a task returns values that can only be moved") {
    const auto value = co_await make_unique_int(7);
    CHECK(*value == 7);
    const auto spawned = co_await create_task(make_unique_int(8));
    CHECK(*spawned == 8);
}

VIRTUAL_TEST_CASE("an exception passes through a chain of tasks with its type") {
    std::string caught;
    try {
        co_await failing_chain(50);
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
    CHECK(caught == "at the bottom");
}

VIRTUAL_TEST_CASE("an exception while a value is moved is the error of the task") {
    // However many moves there are on the way: each of them may throw, and none loses the task.
    bool succeeded = false;
    for (int moves = 1; !succeeded && moves < 20; ++moves) {
        try {
            co_await create_task(make_throwing(moves));
            succeeded = true;
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()) == "move failed");
        }
    }
    CHECK(succeeded);
}

VIRTUAL_TEST_CASE("a million awaits that complete at once do not deepen the stack") {
    StackRange range;
    std::int64_t sum = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        sum += co_await immediate(&range, 1);
    }
    CHECK(sum == 1'000'000);
    CHECK(range.bytes() < kConstantDepth);
}

VIRTUAL_TEST_CASE("a chain of ten thousand tasks does not deepen the stack") {
    StackRange range;
    const int depth = co_await chain(&range, 10'000);
    CHECK(depth == 10'000);
    CHECK(range.bytes() < kConstantDepth);
}

VIRTUAL_TEST_CASE("an error rises through a chain of ten thousand tasks") {
    const auto outcome = co_await settle(failing_chain(10'000));
    CHECK(text_of(outcome) == "std::runtime_error: at the bottom");
}

VIRTUAL_TEST_CASE("cancelling a chain of ten thousand tasks unwinds it") {
    StackRange range;
    auto task = create_task(chain(&range, 10'000));
    co_await turns();
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK(outcome.cancelled());
}

VIRTUAL_TEST_CASE("a result is read once, and not before it is there", "[AS-09]") {
    auto task = create_task(make_unique_int(1));
    CHECK_THROWS_AS(task.result(), InvalidStateError);
    co_await turns(3);
    REQUIRE(task.done());
    CHECK(*task.result() == 1);
    CHECK_THROWS_AS(task.result(), InvalidStateError);
}

VIRTUAL_TEST_CASE("a task knows its name, and its handle tells it") {
    auto named = create_task(current_name(), "porter");
    CHECK(named.name() == "porter");
    CHECK_AWAIT(named, awaited == "porter");
    auto nameless = create_task(current_name());
    CHECK_AWAIT(nameless, awaited == "");
}

TEST_CASE("outside of tasks there is no current task") {
    CHECK_THROWS_AS(current_task(), InvalidStateError);
}

TEST_CASE("create_task without a running loop is refused") {
    std::vector<int> order;
    CHECK_THROWS_AS(create_task(note(&order, 1)), InvalidStateError);
    CHECK(order.empty());
}

VIRTUAL_TEST_CASE("a task that is dropped unawaited is reported in debug mode") {
    std::vector<int> order;
    auto& loop = test::current_loop();
    {
        const Task<> silent = note(&order, 1);
    }
    CHECK(test::unhandled_errors()->take().empty());
    loop.set_debug(true);
    {
        const Task<> reported = note(&order, 1);
    }
    {
        co_await note(&order, 2);
    }
    loop.set_debug(false);
    const auto errors = test::unhandled_errors()->take();
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], test::starts_with("coroutine was never awaited: "));
    CHECK_THAT(errors[0], test::contains("note"));
    CHECK(order == std::vector<int>{2});
}

AIOMISC_TEST_HELPER(await_twice) {
    struct Twice {
        static Task<> run() {
            std::vector<int> order;
            Task<> task = note(&order, 1);
            co_await task;
            co_await task;
        }
    };

    VirtualLoop loop;
    loop.run_until_complete(Twice::run());
    return 0;
}

TEST_CASE("awaiting a task twice aborts with the reason") {
    auto process = test::Process::start_helper("await_twice", {}, {.merge_stderr = true});
    CHECK_THAT(process.read_all(), test::contains("a Task is awaited once"));
    CHECK(process.wait().signal == SIGABRT);
}
