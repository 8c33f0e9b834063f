// SPDX-License-Identifier: MIT

// What becomes of a call that is cancelled, or takes too long, and of those around it. Each state
// by itself; all of them at random: tests/stress/pool_cancel_test.cpp.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/worker/call/this_task.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <thread>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Makes the pool believe that calls are tiny, so that it sends several ahead to a worker.
Task<> make_calls_look_tiny(WorkerPool& pool) {
    for (int round = 0; round < 100; ++round) {
        co_await pool.create_task<&calls::square>(round);
    }
}

std::vector<TaskHandle<std::uint32_t>> mark_some(
    WorkerPool& pool, std::uint32_t first, std::uint32_t count) {
    std::vector<TaskHandle<std::uint32_t>> calls;
    for (std::uint32_t number = first; number < first + count; ++number) {
        calls.push_back(pool.create_task<&calls::mark>(number));
    }
    return calls;
}

/// Whether all of them have their results within the limit, each having run once.
Task<bool> all_marked(std::vector<TaskHandle<std::uint32_t>>& calls, std::uint32_t first) {
    if (!co_await eventually([&calls] {
            return std::ranges::all_of(calls, [](const auto& call) { return call.done(); });
        })) {
        co_return false;
    }
    bool right = true;
    for (std::uint32_t index = 0; index < calls.size(); ++index) {
        right = right && co_await calls[index] == first + index;
        right = right && board().marks[first + index] == 1;
    }
    co_return right;
}

std::uint32_t attempt_number() {
    return this_task::attempt();
}

/// Swallows the request to stop, and finishes.
int finish_anyway(std::size_t gate) {
    board().sign();
    wait_at_gate(gate);
    return this_task::stop_requested() ? 1 : 0;
}

std::uint32_t mark_behind_gate(std::uint32_t number) {
    board().sign();
    wait_at_gate(1);
    return calls::mark(number);
}

void lock_twice() {
    board().sign();
    std::timed_mutex mutex;
    mutex.lock();
    std::thread([&mutex] { mutex.lock(); }).join();
}

int read_from_nobody() {
    board().sign();
    int ends[2];
    if (::pipe(ends) != 0) {
        return -1;
    }
    char byte = 0;
    const ssize_t count = ::read(ends[0], &byte, 1);
    const int error = count < 0 ? errno : 0;
    ::close(ends[0]);
    ::close(ends[1]);
    this_task::check_cancelled();
    return error;
}

}  // namespace

POOL_TEST_CASE("a queued call that is cancelled never runs", "[F83][P11][WP-09]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto running = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    auto queued = mark_some(pool, 0, 10);
    queued[3].cancel();
    CHECK(queued[3].cancelled());
    queued.erase(queued.begin() + 3, queued.begin() + 5);  // dropping one cancels it as well
    board().gates[0] = 1;
    co_await running;
    for (auto& call : queued) {
        co_await call;
    }
    CHECK(board().marks[3] == 0);
    CHECK(board().marks[4] == 0);
    CHECK(pool.statistics().cancelled == 2);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("who waits for a call that was cancelled gets the result it has", "[F83]") {
    const CallOptions waiting{.wait_when_cancelled = true};
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    // This one ends by itself, and its answer is not read, as the loop does not run meanwhile.
    auto ended = pool.create_task_with<&mark_behind_gate>(waiting, std::uint32_t{7});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    board().gates[1] = 1;
    REQUIRE(wait_until([] { return board().marks[7] == 1; }, 10s));
    ended.cancel();
    CHECK_AWAIT(std::move(ended), awaited == 7);

    auto running = pool.create_task_with<&finish_anyway>(waiting, std::size_t{0});
    auto queued = pool.create_task_with<&calls::mark>(waiting, std::uint32_t{8});
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    queued.cancel();
    CHECK(queued.cancelled());
    running.cancel();
    running.cancel();
    CHECK_FALSE(running.done());
    board().gates[0] = 1;
    CHECK_AWAIT(std::move(running), awaited == 1);

    auto polite = pool.create_task_with<&calls::sleep_until_cancelled>(waiting);
    REQUIRE_AWAIT(eventually([] { return board().signers == 3; }), awaited);
    polite.cancel();
    CHECK_AWAIT(eventually([&] { return polite.cancelled(); }), awaited);
    CHECK(board().marks[8] == 0);
    CHECK(pool.statistics().killed == 0);
    CHECK(pool.statistics().cancelled == 2);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("who waits for a call that was cancelled is told of its death", "[F83]") {
    const CallOptions waiting{.wait_when_cancelled = true};
    auto options = pool_options(1);
    options.cancel_grace = 100ms;
    WorkerPool pool(options);
    co_await pool.start();
    auto deaf = pool.create_task_with<&calls::sleep_for_ever>(waiting);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    deaf.cancel();
    REQUIRE_AWAIT(eventually([&] { return deaf.done(); }), awaited);
    CHECK_FALSE(deaf.cancelled());
    CHECK_THROWS_AS(deaf.result(), WorkerDied);

    auto dropped = pool.create_task_with<&calls::sleep_for_ever>(waiting);
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    dropped = {};
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    CHECK(pool.statistics().killed == 2);
    CHECK(pool.statistics().died == 1);
    CHECK(pool.statistics().cancelled == 1);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a running call that cooperates ends, and its worker stays", "[F83][WP-10]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const auto before = pool.pids();
    std::vector<TaskHandle<>> calls;
    calls.push_back(pool.create_task<&calls::sleep_until_cancelled>());
    calls.push_back(pool.create_task<&calls::sleep_until_cancelled>());
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    for (auto& call : calls) {
        call.cancel();
        CHECK(call.cancelled());  // the caller does not wait for the worker
    }
    std::vector<TaskHandle<int>> next;
    for (int x = 0; x < 16; ++x) {
        next.push_back(pool.create_task<&calls::square>(x));
    }
    for (int x = 0; x < 16; ++x) {
        CHECK_AWAIT(next[static_cast<std::size_t>(x)], awaited == x * x);
    }
    CHECK(pool.pids() == before);
    CHECK(pool.statistics().killed == 0);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("cancelling the awaiting task cancels the call", "[F83][WP-10]") {
    WorkerPool pool(pool_options(4));
    co_await pool.start();
    const auto before = pool.pids();
    for (int round = 0; round < 4; ++round) {
        auto call = pool.create_task<&calls::sleep_until_cancelled>();
        auto limited = co_await settle(wait_for(std::move(call), 50ms));
        CHECK(text_of(limited).find("TimeoutError") != std::string::npos);
    }
    for (int x = 0; x < 16; ++x) {
        CHECK_AWAIT(pool.create_task<&calls::square>(x), awaited == x * x);
    }
    CHECK(pool.pids() == before);
    co_await pool.close();
}

POOL_TEST_CASE("a blocking read is interrupted by the cancellation", "[F83][WP-10]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto call = pool.create_task<&read_from_nobody>();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const auto before = pool.pids();
    call.cancel();
    CHECK_AWAIT(pool.create_task<&calls::square>(2), awaited == 4);
    // Interrupted before it read, or while: if before, only the grace ends it.
    CHECK(pool.statistics().killed <= 1);
    co_await pool.close();
}

POOL_TEST_CASE("a call that ignores its cancellation is killed after the grace", "[F50][F83]") {
    auto options = pool_options(2);
    options.cancel_grace = 100ms;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    auto stubborn = pool.create_task<&calls::spin_for_ever>();
    auto other = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    stubborn.cancel();
    CHECK(stubborn.cancelled());
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().exited == 1; }, 1s), awaited);
    board().gates[0] = 1;
    CHECK_AWAIT(other, awaited == 0);
    CHECK_AWAIT(at_full_strength(pool), awaited);
    const auto statistics = pool.statistics();
    CHECK(statistics.killed == 1);
    CHECK(statistics.cancelled == 1);
    CHECK(statistics.died == 0);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a call that swallows its cancellation finishes, and is dropped", "[F83][WP-10]") {
    auto options = pool_options(1);
    options.cancel_grace.reset();
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const auto before = pool.pids();
    auto call = pool.create_task<&finish_anyway>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    call.cancel();
    auto next = pool.create_task<&calls::square>(5);
    board().gates[0] = 1;
    CHECK_AWAIT(next, awaited == 25);
    CHECK(call.cancelled());
    CHECK(pool.pids() == before);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("calls sent ahead behind a cancelled one all run, once", "[F83][P1][P11]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    auto cancelled = pool.create_task<&calls::sleep_until_cancelled>();
    auto behind = mark_some(pool, 0, 20);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    co_await sleep(20ms);  // the longer it took, the fewer are sent ahead afterwards
    cancelled.cancel();
    CHECK_AWAIT(all_marked(behind, 0), awaited);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("large calls sent ahead behind a cancelled one all run", "[F83][P1]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    auto cancelled = pool.create_task<&calls::sleep_until_cancelled>();
    const std::vector<std::uint8_t> large(100'000, 9);
    std::vector<TaskHandle<std::vector<std::uint8_t>>> behind;
    for (int count = 0; count < 4; ++count) {
        behind.push_back(pool.create_task<&calls::echo>(large));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    cancelled.cancel();
    REQUIRE_AWAIT(
        eventually([&] {
            return std::ranges::all_of(behind, [](const auto& call) { return call.done(); });
        }),
        awaited);
    for (auto& call : behind) {
        CHECK_AWAIT(call, awaited == large);
    }
    co_await pool.close();
}

POOL_TEST_CASE("what waits behind a long call goes to a worker that falls idle", "[F64][P1]") {
    auto options = pool_options(3);
    options.cancel_grace.reset();
    WorkerPool pool(std::move(options));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    std::vector<TaskHandle<int>> waiting;
    for (std::size_t gate = 0; gate < 3; ++gate) {
        waiting.push_back(pool.create_task<&finish_anyway>(gate));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 3; }), awaited);
    auto behind = mark_some(pool, 0, 12);
    co_await turns(3);
    // One of the three has nothing behind it any more, but the worker does not know that yet.
    waiting[1].cancel();
    board().gates[2] = 1;
    CHECK_AWAIT(all_marked(behind, 0), awaited);
    board().gates[0] = board().gates[1] = 1;
    CHECK_AWAIT(waiting[0], awaited == 0);
    CHECK_AWAIT(waiting[2], awaited == 0);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a call that takes too long fails with TaskTimeout", "[F49][WP-10]") {
    auto options = pool_options(2);
    options.call_timeout = 150ms;
    options.cancel_grace = 100ms;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    for (const auto& make : {
             +[](WorkerPool& p) { return p.create_task<&calls::spin_for_ever>(); },
             +[](WorkerPool& p) { return p.create_task<&calls::sleep_for_ever>(); },
             +[](WorkerPool& p) { return p.create_task<&lock_twice>(); },
         }) {
        const auto begin = Clock::now();
        auto call = make(pool);
        auto other = pool.create_task<&calls::square>(4);
        const auto error = co_await error_of<TaskTimeout>(std::move(call));
        CHECK(Clock::now() - begin >= 150ms);
        CHECK(Clock::now() - begin < 1s * kPatience);
        CHECK_THAT(error.what(), contains("0.15"));
        CHECK_AWAIT(other, awaited == 16);
    }
    CHECK_AWAIT(at_full_strength(pool), awaited);
    CHECK(pool.statistics().timed_out == 3);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a call on a worker that was stopped times out", "[F48]") {
    auto options = pool_options(1);
    options.cancel_grace = 50ms;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    auto call =
        pool.create_task_with<&calls::sign_and_wait>(CallOptions{.timeout = 300ms}, std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const pid_t stopped = pool.pids().front();
    ::kill(stopped, SIGSTOP);
    co_await error_of<TaskTimeout>(std::move(call));
    CHECK_AWAIT(pool.create_task<&calls::square>(6), awaited == 36);
    CHECK(is_gone(stopped));
    co_await pool.close();
}

POOL_TEST_CASE("a worker that was stopped and goes on answers normally", "[F47]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto call = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    ::kill(pool.pids().front(), SIGSTOP);
    board().gates[0] = 1;
    co_await sleep(100ms);
    CHECK_FALSE(call.done());
    ::kill(pool.pids().front(), SIGCONT);
    CHECK_AWAIT(call, awaited == 0);
    co_await pool.close();
}

POOL_TEST_CASE("the limit of a call that was taken back bothers nobody", "[F48][F83]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    // Sent, but not begun, with another call behind it that makes the pool take both back.
    ::kill(pool.pids().front(), SIGSTOP);
    auto limited = pool.create_task_with<&calls::square>(CallOptions{.timeout = 200ms}, 3);
    auto behind = pool.create_task<&calls::square>(4);
    behind.cancel();
    ::kill(pool.pids().front(), SIGCONT);
    CHECK_AWAIT(limited, awaited == 9);
    // The time of the first sending passes while other calls run.
    const auto end = Clock::now() + 300ms;
    while (Clock::now() < end) {
        CHECK_AWAIT(pool.create_task<&calls::square>(2), awaited == 4);
    }
    CHECK(pool.statistics().timed_out == 0);
    co_await pool.close();
}

POOL_TEST_CASE("a call knows which attempt it is", "[P3]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    CHECK_AWAIT(pool.create_task<&attempt_number>(), awaited == 1);
    CHECK_AWAIT(pool.create_task_with<&attempt_number>(CallOptions{.attempt = 3}), awaited == 3);
    co_await pool.close();
}
