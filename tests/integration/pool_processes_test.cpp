// SPDX-License-Identifier: MIT

// Calls that start processes and threads of their own, and what a worker is like as a process.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/process_table.h"

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/worker/call/this_task.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Returns from the worker and, later, from a copy of it.
int return_twice(int value) {
    const pid_t child = ::fork();
    if (child == 0) {
        board().sign();
        wait_at_gate(0);
        return -value;
    }
    return value;
}

/// The copy returns first, with what it may not write into the memory it shares with the parent.
int return_first_from_the_copy(int value) {
    ++board().marks[static_cast<std::size_t>(value)];
    const pid_t child = ::fork();
    if (child == 0) {
        return -1000 - value;
    }
    ::waitpid(child, nullptr, 0);
    return value;
}

int throw_from_the_copy(int value) {
    const pid_t child = ::fork();
    if (child == 0) {
        throw std::runtime_error("from the copy");
    }
    ::waitpid(child, nullptr, 0);
    return value;
}

int fork_and_wait() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(9);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int run_a_command() {
    return std::system("exit 3");  // NOLINT: what is tested
}

/// Leaves a thread running.
void leave_a_thread() {
    std::thread([] {
        for (;;) {
            std::this_thread::sleep_for(1s);
            ++board().counters[0];
        }
    }).detach();
}

std::size_t count_entries(const std::string& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) {
        ++count;
    }
    return count;
}

[[maybe_unused]] std::size_t count_threads() {
    return count_entries("/proc/self/task");
}

/// Without the one that lists them.
std::size_t count_descriptors() {
    return count_entries("/proc/self/fd") - 1;
}

int core_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return static_cast<int>(limit.rlim_max);
}

int niceness() {
    return ::getpriority(PRIO_PROCESS, 0);
}

int log_level() {
    return static_cast<int>(log::level());
}

void block_the_interrupt() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::signal(SIGUSR2, SIG_IGN);
}

std::uint64_t own_call_id() {
    return this_task::call_id();
}

std::uint32_t own_worker_id() {
    return this_task::worker_id();
}

}  // namespace

POOL_TEST_CASE("a copy of the worker that returns from the call says nothing", "[F77][P8]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const pid_t worker = pool.pids().front();
    CHECK_AWAIT(pool.create_task<&return_twice>(5), awaited == 5);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    board().gates[0] = 1;
    // The copy returns now, while the worker serves others.
    for (int x = 0; x < 100; ++x) {
        CHECK_AWAIT(pool.create_task<&calls::square>(x), awaited == x * x);
    }
    CHECK_AWAIT(eventually([] { return !is_running(board().pids[0]); }), awaited);
    for (int x = 0; x < 50; ++x) {
        CHECK_AWAIT(pool.create_task<&return_first_from_the_copy>(x), awaited == x);
    }
    CHECK_AWAIT(pool.create_task<&throw_from_the_copy>(8), awaited == 8);
    CHECK(pool.pids().front() == worker);
    CHECK(pool.statistics().protocol_errors == 0);
    co_await pool.close();
}

POOL_TEST_CASE("a copy of the worker goes on with nothing of a map", "[F77][P3]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    std::vector<int> inputs(200);
    for (int x = 0; x < 200; ++x) {
        inputs[static_cast<std::size_t>(x)] = x;
    }
    auto results = pool.map<&return_first_from_the_copy>(inputs, {.chunk_size = 50});
    for (int x = 0; x < 200; ++x) {
        CHECK_AWAIT(results.next(), awaited == x);
    }
    CHECK_AWAIT(results.next(), !awaited);
    for (std::size_t x = 0; x < 200; ++x) {
        CHECK(board().marks[x] == 1);
    }
    co_await pool.close();
}

POOL_TEST_CASE("a daemon that a call started ends with its worker", "[F77][P8]") {
    auto options = pool_options(1);
    options.recycle_after_calls = 2;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    co_await pool.create_task<&calls::start_daemon>();
    const pid_t daemon = board().pids[0];
    CHECK_FALSE(is_gone(daemon));
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGKILL);
    }
    CHECK_AWAIT(all_gone({daemon}), awaited);
    // Recycling is an end of the worker as well.
    for (int count = 0; count < 4; ++count) {
        co_await pool.create_task<&calls::start_daemon>();
    }
    const auto signers = board().signed_pids();
    REQUIRE(signers.size() == 5);
    CHECK_AWAIT(all_gone(signers, 2s), awaited);
    co_await pool.close();
}

POOL_TEST_CASE("a call may start processes and wait for them", "[F77][F79]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const auto before = pool.pids();
    CHECK_AWAIT(pool.create_task<&fork_and_wait>(), awaited == 9);
    CHECK_AWAIT(pool.create_task<&run_a_command>(), WEXITSTATUS(awaited) == 3);
    CHECK_AWAIT(pool.create_task<&calls::square>(2), awaited == 4);
    CHECK(pool.pids() == before);
    co_await pool.close();
}

POOL_TEST_CASE("a thread that a call left running disturbs no other call", "[F78]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    co_await pool.create_task<&leave_a_thread>();
    for (int x = 0; x < 100; ++x) {
        CHECK_AWAIT(pool.create_task<&calls::square>(x), awaited == x * x);
    }
    co_await pool.close();
}

POOL_TEST_CASE("a worker has one thread, and its channel beside 0, 1 and 2", "[F30][P10][WP-18]") {
    // What the program opened before, carelessly.
    std::vector<UniqueFd> careless;
    for (int count = 0; count < 500; ++count) {
        careless.emplace_back(::open("/dev/null", O_RDONLY));
    }
    WorkerPool pool(pool_options(2));
    co_await pool.start();
#if !defined(AIOMISC_THREAD_SANITIZER)
    CHECK_AWAIT(pool.create_task<&count_threads>(), awaited == 1);
#endif
    CHECK_AWAIT(pool.create_task<&count_descriptors>(), awaited == 4);
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGKILL);
    }
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().exited == 2; }), awaited);
    CHECK_AWAIT(pool.create_task<&count_descriptors>(), awaited == 4);
    co_await pool.close();
}

POOL_TEST_CASE(
    "workers have the limits, the niceness and the log level of the pool", "[S11][WP-18]") {
    const log::Level level = log::level();
    log::basic_config({.level = log::Level::kError, .log_format = log::format()});
    auto options = pool_options(1);
    options.nice = 3;
    const int own_niceness = niceness();
    WorkerPool pool(std::move(options));
    co_await pool.start();
    log::basic_config({.level = level, .log_format = log::format()});
    CHECK_AWAIT(pool.create_task<&core_limit>(), awaited == 0);
    CHECK_AWAIT(pool.create_task<&niceness>(), awaited == own_niceness + 3);
    CHECK_AWAIT(pool.create_task<&log_level>(), awaited == static_cast<int>(log::Level::kError));
    co_await pool.close();
}

POOL_TEST_CASE(
    "a call that blocks all signals cannot keep the next from being cancelled", "[F14]") {
    auto options = pool_options(1);
    options.cancel_grace.reset();
    WorkerPool pool(std::move(options));
    co_await pool.start();
    co_await pool.create_task<&block_the_interrupt>();
    auto call = pool.create_task<&calls::sleep_until_cancelled>();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    call.cancel();
    CHECK_AWAIT(pool.create_task<&calls::square>(2), awaited == 4);
    co_await pool.close();
}

POOL_TEST_CASE("a call knows its number and its worker", "[WP-17]") {
    WorkerPool pool(pool_options(3));
    co_await pool.start();
    std::set<std::uint64_t> ids;
    for (int count = 0; count < 20; ++count) {
        ids.insert(co_await pool.create_task<&own_call_id>());
        const auto worker = co_await pool.create_task<&own_worker_id>();
        CHECK(worker >= 1);
        CHECK(worker <= 3);
    }
    CHECK(ids.size() == 20);
    co_await pool.close();
}
