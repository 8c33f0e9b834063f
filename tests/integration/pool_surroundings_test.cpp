// SPDX-License-Identifier: MIT

// Pools beside pools, in threads, inside workers, and in programs that do as they like with
// SIGCHLD.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/helper.h"
#include "support/process.h"

#include <aiomisc/worker/call/this_task.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

void expect(bool condition, const char* what) {
    if (!condition) {
        throw std::runtime_error(what);
    }
}

Task<> square_some(WorkerPool& pool) {
    for (int x = 0; x < 100; ++x) {
        expect(co_await pool.create_task<&calls::square>(x) == x * x, "wrong result");
    }
}

/// Kills a worker, and then the supervisor; the pool gets over both.
Task<> lose_processes(WorkerPool& pool) {
    ::kill(pool.pids().front(), SIGKILL);
    expect(co_await eventually([&] { return pool.statistics().exited == 1; }), "no death");
    expect(co_await at_full_strength(pool), "the worker is not replaced");
    co_await square_some(pool);
    const pid_t supervisor = pool.supervisor_pid();
    ::kill(supervisor, SIGKILL);
    expect(
        co_await eventually([&] { return pool.supervisor_pid() != supervisor; }),
        "the supervisor is not replaced");
    expect(co_await at_full_strength(pool), "the workers are not replaced");
    co_await square_some(pool);
}

Task<> use_a_pool() {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    co_await square_some(pool);
    co_await lose_processes(pool);
    co_await pool.close();
}

void run_on_own_loop(Task<> (*body)()) {
    EventLoop loop;
    loop.run_until_complete(body());
    loop.close();
}

/// In a thread of its own; what it throws is thrown here.
void run_in_thread(Task<> (*body)()) {
    std::exception_ptr error;
    std::thread([&] {
        try {
            run_on_own_loop(body);
        } catch (...) {
            error = std::current_exception();
        }
    }).join();
    if (error) {
        std::rethrow_exception(error);
    }
}

int run_helper_body(const std::function<void()>& body) {
    try {
        body();
    } catch (const std::exception& error) {
        std::cout << error.what() << std::endl;
        return 1;
    }
    return 0;
}

void check_helper(const std::string& name) {
    Process helper = Process::start_helper(name);
    CHECK(helper.read_all() == "");
    CHECK(helper.wait() == ExitStatus{.code = 0, .signal = 0});
    CHECK(test::wait_until([&] { return helper.survivors().empty(); }, 1s));
}

/// In a worker, on a thread of its own, because that of the worker is at this call.
int square_in_a_pool_below(int x) {
    static int squared = 0;
    static int argument = 0;
    argument = x;
    run_in_thread([]() -> Task<> {
        WorkerPool pool(pool_options(1));
        co_await pool.start();
        squared = co_await pool.create_task<&calls::square>(argument);
        co_await pool.close();
    });
    return squared;
}

void sleep_in_a_pool_below() {
    run_in_thread([]() -> Task<> {
        WorkerPool pool(pool_options(2));
        co_await pool.start();
        auto first = pool.create_task<&calls::start_daemon_and_wait>(std::size_t{0});
        auto second = pool.create_task<&calls::start_daemon_and_wait>(std::size_t{0});
        co_await first;
        co_await second;
    });
}

bool naps_undisturbed() {
    board().sign();
    const timespec nap{0, 300'000'000};
    return ::nanosleep(&nap, nullptr) == 0;
}

void reap_whatever_ends(int) {
    const int error = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    errno = error;
}

}  // namespace

POOL_TEST_CASE("the end of one pool leaves another on the same loop alone", "[F44]") {
    WorkerPool survivor(pool_options(2));
    co_await survivor.start();
    const auto pids = survivor.pids();
    auto running = survivor.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    for (const bool is_killed : {false, true}) {
        WorkerPool other(pool_options(2));
        co_await other.start();
        co_await square_some(other);
        if (is_killed) {
            co_await lose_processes(other);
        }
        co_await other.close();
        co_await square_some(survivor);
    }
    board().gates[0] = 1;
    CHECK_AWAIT(running, awaited == 0);
    CHECK(survivor.pids() == pids);
    co_await survivor.close();
}

POOL_TEST_CASE("a call may use a pool of its own", "[F44]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    for (int x = 0; x < 3; ++x) {
        CHECK_AWAIT(pool.create_task<&square_in_a_pool_below>(x), awaited == x * x);
    }
    co_await pool.close();
}

POOL_TEST_CASE("a pool inside a worker ends with the worker", "[F44][P8]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    auto call = pool.create_task<&sleep_in_a_pool_below>();
    REQUIRE_AWAIT(eventually([] { return board().signers == 4; }), awaited);
    const auto below = board().signed_pids();
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGKILL);
    }
    co_await error_of<WorkerDied>(std::move(call));
    CHECK_AWAIT(all_gone(below), awaited);
    co_await pool.close();
}

POOL_TEST_CASE("an interrupt that comes late does not hit the next call", "[F83][P11]") {
    auto options = pool_options(1);
    options.cancel_grace.reset();
    WorkerPool pool(std::move(options));
    co_await pool.start();
    auto cancelled = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    // It is the supervisor that interrupts; this one is late.
    ::kill(pool.supervisor_pid(), SIGSTOP);
    cancelled.cancel();
    board().gates[0] = 1;
    auto next = pool.create_task<&naps_undisturbed>();
    co_await eventually([] { return board().signers == 2; }, 100ms);  // if it begins so soon
    ::kill(pool.supervisor_pid(), SIGCONT);
    CHECK_AWAIT(next, awaited);
    co_await pool.close();
}

TEST_CASE("a pool may outlive its loop", "[F45][P12]") {
    prepare_for_pools();
    auto loop = std::make_unique<EventLoop>();
    WorkerPool pool(*loop, pool_options(2));
    static WorkerPool* shared;
    shared = &pool;
    loop->run_until_complete([]() -> Task<> {
        co_await shared->start();
        co_await square_some(*shared);
    }());
    auto pids = pool.pids();
    pids.push_back(pool.supervisor_pid());
    auto call = pool.create_task<&calls::sleep_for_ever>();
    SECTION("that was closed") {
        loop->close();
    }
    SECTION("that is gone") {
        loop.reset();
    }
    CHECK(test::wait_until([&] { return std::ranges::all_of(pids, is_gone); }, 1s));
    CHECK(call.done());
    CHECK_THROWS_AS(pool.create_task<&calls::square>(1), PoolClosed);
}

AIOMISC_TEST_HELPER(zygote_from_a_thread) {
    return run_helper_body([] {
        // The zygote is forked by a thread that ends.
        run_in_thread(&use_a_pool);
        run_on_own_loop(&use_a_pool);
    });
}

TEST_CASE("the thread that started the first pool ends: the next one works", "[F39]") {
    check_helper("zygote_from_a_thread");
}

AIOMISC_TEST_HELPER(pools_in_two_threads) {
    return run_helper_body([] {
        std::exception_ptr error;
        std::thread other([&error] {
            try {
                run_on_own_loop(&use_a_pool);
            } catch (...) {
                error = std::current_exception();
            }
        });
        run_in_thread(&use_a_pool);
        other.join();
        if (error) {
            std::rethrow_exception(error);
        }
    });
}

TEST_CASE("two threads have a pool each", "[F44]") {
    check_helper("pools_in_two_threads");
}

AIOMISC_TEST_HELPER(program_ignores_its_children) {
    ::signal(SIGCHLD, SIG_IGN);
    return run_helper_body([] { run_on_own_loop(&use_a_pool); });
}

TEST_CASE("a program that ignores SIGCHLD has working pools", "[F43][P17]") {
    check_helper("program_ignores_its_children");
}

AIOMISC_TEST_HELPER(program_reaps_everything) {
    struct sigaction action{};
    action.sa_handler = &reap_whatever_ends;
    ::sigaction(SIGCHLD, &action, nullptr);
    return run_helper_body([] { run_on_own_loop(&use_a_pool); });
}

TEST_CASE("a program that reaps any child has working pools", "[F43][P17]") {
    check_helper("program_reaps_everything");
}
