// SPDX-License-Identifier: MIT

// The start of a pool and its initializer, good and bad, and what a pool says before, during and
// after its time.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <aiomisc/ipc/codec/remote_error.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// What the initializer leaves behind for the calls.
struct Prepared {
    pid_t by = 0;
    int runs = 0;
    std::string text;
    std::vector<std::uint8_t> bytes;
};

Prepared prepared;

constexpr std::size_t kRuns = 0;  // of the initializer, in all processes: a counter of the board

struct Custom : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void prepare(const std::string& text, std::size_t bytes) {
    ++board().counters[kRuns];
    prepared.by = ::getpid();
    ++prepared.runs;
    prepared.text = text;
    prepared.bytes.assign(bytes, 7);
}

pid_t prepared_by() {
    return prepared.by;
}

int runs_seen() {
    return prepared.runs;
}

std::string text_seen() {
    return prepared.text;
}

/// Changes this worker's copy only.
std::size_t change_copy() {
    prepared.text = "changed";
    return prepared.bytes.size();
}

void misbehave(int how) {
    ++board().counters[kRuns];
    board().sign();
    switch (how) {
        case 0:
            throw std::invalid_argument("no such model");
        case 1:
            throw Custom("of my own");
        case 2:
            throw 7;
        case 3:
            std::exit(3);  // NOLINT(concurrency-mt-unsafe): what is tested
        case 4:
            std::abort();
        case 5:
            std::thread([] { std::this_thread::sleep_for(300s); }).detach();
            break;
        default:
            calls::sleep_for_ever();
    }
}

WorkerPoolOptions misbehaving_options(int how) {
    auto options = pool_options(2);
    options.initializer = initialize_with<&misbehave>(how);
    return options;
}

/// How the start of such a pool fails; the pool is then broken, closes, and leaves nothing.
template <typename Error>
Task<std::string> failure_of_start(WorkerPoolOptions options) {
    WorkerPool pool(std::move(options));
    const auto error = co_await error_of<Error>(pool.start());
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolBroken);
    CHECK(board().counters[kRuns] <= 1);
    const pid_t supervisor = pool.supervisor_pid();
    co_await pool.close();
    CHECK_AWAIT(all_gone({supervisor}), awaited);
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
    co_return error.what();
}

}  // namespace

POOL_TEST_CASE("an initializer runs once, and every worker has what it made", "[WP-03]") {
    auto options = pool_options(3);
    options.initializer = initialize_with<&prepare>("ready", std::size_t{3} << 20);
    options.recycle_after_calls = 4;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    for (int count = 0; count < 30; ++count) {
        CHECK_AWAIT(pool.create_task<&prepared_by>(), awaited == pool.supervisor_pid());
        CHECK_AWAIT(pool.create_task<&runs_seen>(), awaited == 1);
    }
    CHECK(pool.statistics().recycled >= 10);
    CHECK(board().counters[kRuns] == 1);
    CHECK(prepared.by == 0);  // not here
    co_await pool.close();
}

POOL_TEST_CASE("what a call changes of the initializer's work is its worker's alone", "[WP-03]") {
    auto options = pool_options(1);
    options.initializer = initialize_with<&prepare>("ready", std::size_t{3} << 20);
    options.recycle_after_calls = 2;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    for (int round = 0; round < 3; ++round) {
        CHECK_AWAIT(pool.create_task<&change_copy>(), awaited == std::size_t{3} << 20);
        CHECK_AWAIT(pool.create_task<&text_seen>(), awaited == "changed");
        CHECK_AWAIT(pool.create_task<&text_seen>(), awaited == "ready");
        CHECK_AWAIT(pool.create_task<&calls::square>(2), awaited == 4);
    }
    co_await pool.close();
}

POOL_TEST_CASE("a new supervisor runs the initializer again", "[WP-03][F31]") {
    auto options = pool_options(2);
    options.initializer = initialize_with<&prepare>("ready", std::size_t{10});
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const pid_t first = pool.supervisor_pid();
    ::kill(first, SIGKILL);
    CHECK_AWAIT(eventually([&] { return pool.supervisor_pid() != first; }), awaited);
    CHECK_AWAIT(pool.create_task<&prepared_by>(), awaited == pool.supervisor_pid());
    CHECK(board().counters[kRuns] == 2);
    co_await pool.close();
}

POOL_TEST_CASE("what an initializer throws comes out of start()", "[F81][P5][WP-04]") {
    CHECK_AWAIT(
        failure_of_start<std::invalid_argument>(misbehaving_options(0)),
        awaited == "no such model");
}

POOL_TEST_CASE("an exception of the program's own comes out of start() by name", "[F81][WP-04]") {
    CHECK_AWAIT_THAT(
        failure_of_start<RemoteError>(misbehaving_options(1)), awaited, contains("of my own"));
    board().counters[kRuns] = 0;
    CHECK_AWAIT_THAT(
        failure_of_start<RemoteError>(misbehaving_options(2)), awaited, contains("int"));
}

POOL_TEST_CASE("an initializer that exits breaks the pool, without a loop", "[F81][P5]") {
    CHECK_AWAIT_THAT(
        failure_of_start<PoolBroken>(misbehaving_options(3)),
        awaited,
        contains("exited with status 3"));
}

POOL_TEST_CASE("an initializer that crashes breaks the pool, without a loop", "[F81][P5]") {
    CHECK_AWAIT_THAT(
        failure_of_start<PoolBroken>(misbehaving_options(4)), awaited, contains("SIGABRT"));
}

POOL_TEST_CASE("an initializer that leaves a thread is refused", "[F81][P15]") {
    CHECK_AWAIT_THAT(
        failure_of_start<InvalidStateError>(misbehaving_options(5)), awaited, contains("1 thread"));
}

POOL_TEST_CASE("an initializer that does not return in time breaks the pool", "[F56][F81]") {
    auto options = misbehaving_options(6);
    options.start_timeout = 300ms * kPatience;
    CHECK_AWAIT_THAT(
        failure_of_start<PoolBroken>(std::move(options)), awaited, contains("not ready within"));
}

POOL_TEST_CASE("a pool destroyed while its initializer hangs leaves no process", "[F45][F81]") {
    pid_t supervisor = 0;
    {
        WorkerPool pool(misbehaving_options(6));
        auto starting = create_task(pool.start());
        REQUIRE_AWAIT(eventually([] { return board().signers > 0; }), awaited);
        supervisor = pool.supervisor_pid();
        starting.cancel();
        CHECK_AWAIT(settle(std::move(starting)), !awaited.has_value());
    }
    CHECK_AWAIT(all_gone({supervisor}), awaited);
}

POOL_TEST_CASE("idle workers that die again and again break the pool, which names them", "[P5]") {
    auto options = pool_options(2);
    options.restart_limit = 6;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    REQUIRE_AWAIT(
        eventually([&] {
            for (const pid_t pid : pool.pids()) {
                ::kill(pid, SIGKILL);
            }
            return pool.statistics().exited > 6;
        }),
        awaited);
    std::string text;
    try {
        static_cast<void>(pool.create_task<&calls::square>(1));
    } catch (const PoolBroken& broken) {
        text = broken.what();
    }
    CHECK_THAT(text, contains("die again and again"));
    CHECK_THAT(text, contains("SIGKILL"));
    co_await pool.close();
}

POOL_TEST_CASE("a call that finishes proves that workers can live", "[P5]") {
    auto options = pool_options(1);
    options.restart_limit = 2;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    for (std::uint64_t died = 1; died <= 8; ++died) {
        ::kill(pool.pids().front(), SIGKILL);
        REQUIRE_AWAIT(
            eventually([&] { return pool.statistics().exited == died && !pool.pids().empty(); }),
            awaited);
        CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    }
    co_await pool.close();
}

POOL_TEST_CASE("a pool that is not started, or starts, takes no calls", "[F82]") {
    WorkerPool pool(pool_options(2));
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
    CHECK(pool.pids().empty());
    auto starting = create_task(pool.start());
    co_await turns(2);
    REQUIRE_FALSE(starting.done());
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
    co_await error_of<InvalidStateError>(pool.start());
    co_await starting;
    CHECK(pool.pids().size() == 2);
    co_await error_of<InvalidStateError>(pool.start());
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    co_await pool.close();
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
    co_await error_of<InvalidStateError>(pool.start());
    CHECK(pool.statistics().submitted == 1);
}

POOL_TEST_CASE("a start that nobody awaits any more goes on", "[F82]") {
    WorkerPool pool(pool_options(2));
    auto starting = create_task(pool.start());
    co_await turns(2);
    REQUIRE_FALSE(starting.done());
    starting.cancel();
    CHECK_AWAIT(settle(std::move(starting)), !awaited.has_value());
    CHECK_AWAIT(at_full_strength(pool, 10s), awaited);
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    co_await pool.close();
}

POOL_TEST_CASE("a pool is closed while it starts", "[F82][F86]") {
    for (const int turns_before : {0, 1, 3, 10}) {
        WorkerPool pool(pool_options(2));
        auto starting = create_task(pool.start());
        co_await turns(turns_before);
        const bool begun = pool.supervisor_pid() > 0;
        const pid_t supervisor = pool.supervisor_pid();
        co_await pool.close({.graceful = turns_before == 3});
        const auto outcome = co_await settle(std::move(starting));
        CHECK_FALSE(outcome.has_value());
        if (begun) {
            CHECK_THAT(text_of(outcome), contains("PoolClosed"));
            CHECK_AWAIT(all_gone({supervisor}), awaited);
        } else {
            CHECK_THAT(text_of(outcome), contains("InvalidStateError"));
        }
    }
}

POOL_TEST_CASE("close() is idempotent, before and after the pool's time", "[F86][WP-15]") {
    WorkerPool never(pool_options(1));
    co_await never.close();
    co_await never.close({.graceful = true});
    CHECK_THROWS_AS(static_cast<void>(never.create_task<&calls::square>(1)), PoolClosed);
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const auto pids = pool.pids();
    std::vector<TaskHandle<>> closing;
    for (const bool graceful : {true, false, true}) {
        closing.push_back(create_task(pool.close({.graceful = graceful})));
    }
    for (auto& close : closing) {
        co_await close;
    }
    co_await pool.close();
    CHECK(pool.pids().empty());
    CHECK_AWAIT(all_gone(pids), awaited);
}

POOL_TEST_CASE("close() fails what runs and what waits", "[F86][WP-15]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto running = pool.create_task<&calls::sleep_for_ever>();
    auto queued = pool.create_task<&calls::mark>(0U);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    auto closing = create_task(pool.close());
    co_await turns(1);
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
    co_await error_of<PoolClosed>(std::move(running));
    co_await error_of<PoolClosed>(std::move(queued));
    co_await closing;
    CHECK(board().marks[0] == 0);
    CHECK(pool.statistics().rejected == 2);
    check_counters(pool);
}

POOL_TEST_CASE("a graceful close lets every call finish", "[F86]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto running = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    std::vector<TaskHandle<std::uint32_t>> queued;
    for (std::uint32_t number = 0; number < 200; ++number) {
        queued.push_back(pool.create_task<&calls::mark>(number));
    }
    auto closing = create_task(pool.close({.graceful = true}));
    co_await turns(1);
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
    CHECK_FALSE(closing.done());
    board().gates[0] = 1;
    CHECK_AWAIT(running, awaited == 0U);
    for (std::uint32_t number = 0; number < 200; ++number) {
        CHECK_AWAIT(queued[number], awaited == number);
    }
    co_await closing;
    check_counters(pool);
}

POOL_TEST_CASE("a graceful close that takes too long, or is overtaken, fails the rest", "[F86]") {
    for (const bool overtaken : {false, true}) {
        board().signers = 0;
        WorkerPool pool(pool_options(1));
        co_await pool.start();
        auto running = pool.create_task<&calls::sleep_for_ever>();
        auto queued = pool.create_task<&calls::square>(1);
        REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
        auto closing =
            create_task(pool.close({.graceful = true, .timeout = overtaken ? 300'000ms : 50ms}));
        co_await turns(2);
        if (overtaken) {
            co_await pool.close();
        }
        co_await error_of<PoolClosed>(std::move(running));
        co_await error_of<PoolClosed>(std::move(queued));
        co_await closing;
        CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    }
}

POOL_TEST_CASE("a close that nobody awaits any more goes on", "[F87]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const auto pids = pool.pids();
    const pid_t supervisor = pool.supervisor_pid();
    auto closing = create_task(pool.close());
    co_await turns(1);
    REQUIRE_FALSE(closing.done());
    closing.cancel();
    CHECK_AWAIT(settle(std::move(closing)), !awaited.has_value());
    CHECK_AWAIT(all_gone(pids), awaited);
    CHECK_AWAIT(all_gone({supervisor}), awaited);
    co_await pool.close();
}
