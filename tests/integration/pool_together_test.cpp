// SPDX-License-Identifier: MIT

// Short calls travel together in one message. Each is still begun, cancelled, blamed and answered
// by itself.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <aiomisc/ipc/codec/buffer.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Makes the pool know how short these calls are, so that as many as can be travel together.
Task<> make_calls_look_tiny(WorkerPool& pool) {
    for (int round = 0; round < 5; ++round) {
        std::vector<TaskHandle<int>> calls;
        for (int x = 0; x < 500; ++x) {
            calls.push_back(pool.create_task<&calls::square>(x));
        }
        for (auto& call : calls) {
            co_await call;
        }
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

Task<bool> all_done(const std::vector<TaskHandle<std::uint32_t>>& calls) {
    return eventually([&calls] {
        return std::ranges::all_of(calls, [](const auto& call) { return call.done(); });
    });
}

bool each_ran_once(std::uint32_t first, std::uint32_t count) {
    return std::ranges::all_of(
        board().marks.begin() + first, board().marks.begin() + first + count, [](const auto& mark) {
            return mark == 1;
        });
}

int throw_if_seven(int x) {
    return x == 7 ? throw std::out_of_range("seven") : x;
}

std::string text_of_size(std::size_t size) {
    return std::string(size, 'x');
}

/// Whether a sleep was broken off, though nobody cancelled this call.
bool is_disturbed() {
    board().sign();
    const timespec time{0, 500'000'000};
    return ::nanosleep(&time, nullptr) != 0 && errno == EINTR;
}

/// What print_some(x) does: most calls print nothing, so that they travel together.
struct Expected {
    std::string out;
    std::string err;
    bool dies = false;
};

Expected expected_of(int x) {
    Expected expected;
    if (x % 7 == 3) {
        expected.out = "out " + std::to_string(x) + "\n";
    }
    if (x % 11 == 5) {
        expected.err = "err " + std::to_string(x) + "\n";
    }
    if (x % 500 == 17) {
        expected.out += std::string(200'000, 'x');  // more than a pipe holds
    }
    expected.dies = x % 300 == 40;
    return expected;
}

int print_some(int x) {
    const Expected expected = expected_of(x);
    std::fputs(expected.out.c_str(), stdout);
    std::fputs(expected.err.c_str(), stderr);
    if (expected.dies) {
        std::fflush(stdout);
        ::_exit(7);
    }
    return x;
}

/// What one call wrote.
struct Written {
    std::string out;
    std::string err;

    CallOptions options() {
        return {
            .on_output = std::make_shared<const OutputHandler>(
                [this](bool is_stderr, std::span<const std::byte> bytes) {
                    (is_stderr ? err : out)
                        .append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                })};
    }
};

}  // namespace

POOL_TEST_CASE(
    "results before a long call do not wait for it, nor do the calls behind it", "[P1]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    auto before = mark_some(pool, 0, 20);
    auto waiting = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    auto behind = mark_some(pool, 20, 40);
    CHECK_AWAIT(all_done(before), awaited);
    CHECK_AWAIT(all_done(behind), awaited);
    CHECK_FALSE(waiting.done());
    CHECK(each_ran_once(0, 60));
    board().gates[0] = 1;
    CHECK_AWAIT(waiting, awaited == 0U);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a crash among calls in one message fails that call alone", "[P2][F1]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    for (std::uint32_t round = 0; round < 10; ++round) {
        auto before = mark_some(pool, round * 100, 30);
        auto crash = pool.create_task<&calls::call_exit_at_once>(7);
        auto behind = mark_some(pool, round * 100 + 30, 30);
        const WorkerDied died = co_await error_of<WorkerDied>(std::move(crash));
        CHECK(died.status() == 7);
        CHECK_AWAIT(all_done(before), awaited);
        CHECK_AWAIT(all_done(behind), awaited);
        CHECK(each_ran_once(round * 100, 60));
    }
    CHECK(pool.statistics().died == 10);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("one of the calls in a message is cancelled alone", "[P11][F83]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    const std::vector<pid_t> workers = pool.pids();
    auto before = mark_some(pool, 0, 20);
    auto sleeping = pool.create_task<&calls::sleep_until_cancelled>();
    auto behind = mark_some(pool, 20, 20);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    behind[3].cancel();
    sleeping.cancel();
    CHECK_AWAIT(all_done(before), awaited);
    CHECK_AWAIT(all_done(behind), awaited);
    CHECK(board().marks[23] == 0);
    CHECK(each_ran_once(0, 23));
    CHECK(each_ran_once(24, 16));
    CHECK(pool.pids() == workers);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("calls that travel together have each its own output", "[P1][P19]") {
    auto options = pool_options(2);
    options.capture_output = true;
    WorkerPool pool(options);
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    constexpr int kCalls = 3000;
    std::vector<Written> written(kCalls);
    std::vector<TaskHandle<int>> calls;
    for (int x = 0; x < kCalls; ++x) {
        calls.push_back(
            pool.create_task_with<&print_some>(written[static_cast<std::size_t>(x)].options(), x));
    }
    for (int x = 0; x < kCalls; ++x) {
        const Written& own = written[static_cast<std::size_t>(x)];
        bool died = false;
        try {
            CHECK_AWAIT(calls[static_cast<std::size_t>(x)], awaited == x);
        } catch (const WorkerDied&) {
            died = true;
        }
        // All of it is there when the call settles, and nothing of any other.
        const Expected expected = expected_of(x);
        if (died != expected.dies || own.out != expected.out || own.err != expected.err) {
            CAPTURE(x, own.out, own.err);
            CHECK(died == expected.dies);
            CHECK(own.out == expected.out);
            CHECK(own.err == expected.err);
        }
    }
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("calls that have not begun are cancelled, and no other", "[P11]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    auto before = mark_some(pool, 0, 20);
    auto running = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    auto behind = mark_some(pool, 20, 200);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const std::size_t cancelled = pool.cancel_waiting();
    CHECK(cancelled == 200);
    CHECK(pool.cancel_waiting() == 0);
    board().gates[0] = 1;
    CHECK_AWAIT(running, awaited == 0U);
    CHECK_AWAIT(all_done(before), awaited);
    for (auto& call : behind) {
        CHECK_AWAIT(settle(std::move(call)), !awaited.has_value());
    }
    CHECK(each_ran_once(0, 20));
    for (std::uint32_t mark = 20; mark < 220; ++mark) {
        CHECK(board().marks[mark] == 0);
    }
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("an exception among calls in one message is that call's", "[F70]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    std::vector<TaskHandle<int>> calls;
    for (int x = 0; x < 60; ++x) {
        calls.push_back(pool.create_task<&throw_if_seven>(x % 10));
    }
    int thrown = 0;
    for (int x = 0; x < 60; ++x) {
        try {
            CHECK_AWAIT(calls[static_cast<std::size_t>(x)], awaited == x % 10);
        } catch (const std::out_of_range&) {
            ++thrown;
            CHECK(x % 10 == 7);
        }
    }
    CHECK(thrown == 6);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("results too large to travel together come one by one", "[P1][F63]") {
    auto options = pool_options(1);
    options.shared_memory_bytes = 64 << 10;
    options.max_payload_bytes = 128 << 10;
    WorkerPool pool(options);
    co_await pool.start();
    co_await make_calls_look_tiny(pool);
    // Half of the shared memory for results holds 32 KiB: none of the larger ones, two of the
    // small.
    std::vector<TaskHandle<std::string>> calls;
    for (std::size_t x = 0; x < 60; ++x) {
        calls.push_back(pool.create_task<&text_of_size>((x % 3 + 1) * std::size_t{15'000}));
    }
    for (std::size_t x = 0; x < 60; ++x) {
        CHECK_AWAIT(calls[x], awaited.size() == (x % 3 + 1) * std::size_t{15'000});
    }
    auto too_large = pool.create_task<&text_of_size>(std::size_t{200'000});
    auto next = pool.create_task<&text_of_size>(std::size_t{100'000});
    co_await error_of<ipc::PayloadTooLarge>(std::move(too_large));
    CHECK_AWAIT(next, awaited.size() == 100'000);
    CHECK(pool.statistics().died == 0);
    co_await pool.close();
}

POOL_TEST_CASE("a signal that comes late does not disturb the next call", "[P11][F83]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto cancelled = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    // The supervisor sends the signal; stopped, it does so only when the call has ended by itself.
    const pid_t supervisor = pool.supervisor_pid();
    ::kill(supervisor, SIGSTOP);
    cancelled.cancel();
    board().gates[0] = 1;
    auto next = pool.create_task<&is_disturbed>();
    co_await eventually([] { return board().signers == 2; }, 100ms);
    ::kill(supervisor, SIGCONT);
    CHECK_AWAIT(next, !awaited);
    CHECK(board().signers == 2);
    check_counters(pool);
    co_await pool.close();
}
