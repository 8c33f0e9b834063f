// SPDX-License-Identifier: MIT

// Every way in which a call can take its process down: it fails itself and nothing else.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <random>
#include <set>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

constexpr int kOthers = 1000;

/// The pids a call may have run under: those of the workers before and after the crash.
bool names_its_process(const WorkerDied& died) {
    return died.pid() > 0 && is_gone(died.pid()) &&
           std::string(died.what()).find("pid " + std::to_string(died.pid())) != std::string::npos;
}

/// Makes one call that ends its worker, among a thousand that do not, and returns its error. The
/// others all have their results, and the pool is whole again within a second.
template <auto kCrash, typename... Arguments>
Task<WorkerDied> crash_among_others(WorkerPool& pool, Arguments... arguments) {
    std::vector<TaskHandle<int>> others;
    for (int x = 0; x < kOthers / 2; ++x) {
        others.push_back(pool.create_task<&calls::square>(x));
    }
    auto crash = pool.create_task<kCrash>(arguments...);
    for (int x = kOthers / 2; x < kOthers; ++x) {
        others.push_back(pool.create_task<&calls::square>(x));
    }
    WorkerDied died = co_await error_of<WorkerDied>(std::move(crash));
    CHECK(names_its_process(died));
    CHECK_AWAIT(at_full_strength(pool), awaited);
    int right = 0;
    for (int x = 0; x < kOthers; ++x) {
        right += co_await others[static_cast<std::size_t>(x)] == x * x ? 1 : 0;
    }
    CHECK(right == kOthers);
    CHECK(pool.statistics().died == 1);
    CHECK(pool.statistics().succeeded == kOthers);
    check_counters(pool);
    co_return died;
}

/// The same for a crash that is a signal; the error says which.
template <auto kCrash, typename... Arguments>
Task<WorkerDied> signal_among_others(int signal, Arguments... arguments) {
    WorkerPool pool(pool_options());
    co_await pool.start();
    WorkerDied died = co_await crash_among_others<kCrash>(pool, arguments...);
    INFO(died.what());
    CHECK(died.signal() == signal);
    CHECK(died.status() == -1);
    CHECK(died.phase() == WorkerDied::Phase::kRun);
    CHECK_THAT(died.what(), contains(std::string("was killed by SIG") + ::sigabbrev_np(signal)));
    CHECK_THAT(died.what(), contains("while it ran the call"));
    co_await pool.close();
    co_return died;
}

/// The same for a crash that is an exit.
template <auto kCrash, typename... Arguments>
Task<> exit_among_others(int status, Arguments... arguments) {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const WorkerDied died = co_await crash_among_others<kCrash>(pool, arguments...);
    INFO(died.what());
    CHECK(died.signal() == 0);
    CHECK(died.status() == status);
    CHECK(died.phase() == WorkerDied::Phase::kRun);
    CHECK_THAT(died.what(), contains("exited with status " + std::to_string(status)));
    co_await pool.close();
}

}  // namespace

POOL_TEST_CASE("kill -9 of a busy worker fails its call alone", "[F1][P2][P4][WP-12]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    std::vector<TaskHandle<std::size_t>> waiting;
    for (std::size_t gate = 0; gate < 4; ++gate) {
        waiting.push_back(pool.create_task<&calls::sign_and_wait>(gate));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 4; }), awaited);
    const pid_t victim = board().pids[0];
    const auto killed = Clock::now();
    ::kill(victim, SIGKILL);
    std::vector<std::size_t> finished;
    std::optional<WorkerDied> died;
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().died == 1; }, 500ms), awaited);
    CHECK(Clock::now() - killed < 500ms * kPatience);
    for (auto& gate : board().gates) {
        gate = 1;
    }
    for (auto& call : waiting) {
        try {
            finished.push_back(co_await call);
        } catch (const WorkerDied& error) {
            died = error;
        }
    }
    CHECK(finished.size() == 3);
    REQUIRE(died);
    CHECK(died->pid() == victim);
    CHECK(died->signal() == SIGKILL);
    CHECK(died->phase() == WorkerDied::Phase::kRun);
    CHECK_FALSE(died->details().oom_suspected);
    CHECK_AWAIT(at_full_strength(pool), awaited);
    co_await pool.close();
}

POOL_TEST_CASE("kill -9 of an idle worker touches no call", "[F2][P4]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const std::vector<pid_t> before = pool.pids();
    ::kill(before[1], SIGKILL);
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().exited == 1; }, 1s), awaited);
    REQUIRE_AWAIT(at_full_strength(pool), awaited);
    const std::vector<pid_t> after = pool.pids();
    CHECK(std::ranges::count(after, before[1]) == 0);
    CHECK(std::ranges::count(after, before[0]) == 1);
    CHECK_AWAIT(pool.create_task<&calls::square>(7), awaited == 49);
    CHECK(pool.statistics().died == 0);
    co_await pool.close();
}

POOL_TEST_CASE("a call sent to a stopped worker that is killed runs elsewhere", "[F3][P2][P3]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGSTOP);
    }
    const std::vector<pid_t> stopped = pool.pids();
    // Larger than the buffers of a socket, and than what is shared.
    const std::vector<std::uint8_t> bytes(20 << 20, 7);
    auto first = pool.create_task<&calls::echo>(bytes);
    auto second = pool.create_task<&calls::echo>(bytes);
    Duration longest{0};
    auto last = Clock::now();
    for (int tick = 0; tick < 20; ++tick) {
        co_await sleep(5ms);
        longest = std::max(longest, Clock::now() - last);
        last = Clock::now();
    }
    CHECK(longest < 500ms * kPatience);  // writing to who does not read blocks nobody
    for (const pid_t pid : stopped) {
        ::kill(pid, SIGKILL);
    }
    CHECK_AWAIT(first, awaited == bytes);
    CHECK_AWAIT(second, awaited == bytes);
    co_await pool.close();
}

POOL_TEST_CASE("all workers killed at once: four calls fail, the queue is served", "[F6][P4]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    std::vector<TaskHandle<std::size_t>> running;
    for (std::size_t index = 0; index < 4; ++index) {
        running.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 4; }), awaited);
    std::vector<TaskHandle<int>> queued;
    for (int x = 0; x < 100; ++x) {
        queued.push_back(pool.create_task<&calls::square>(x));
    }
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGKILL);
    }
    for (auto& call : running) {
        CHECK_AWAIT(error_of<WorkerDied>(std::move(call)), awaited.signal() == SIGKILL);
    }
    for (int x = 0; x < 100; ++x) {
        CHECK_AWAIT(queued[static_cast<std::size_t>(x)], awaited == x * x);
    }
    CHECK_AWAIT(at_full_strength(pool), awaited);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("many idle workers killed at once come back within a second", "[F6][P4]") {
    WorkerPool pool(pool_options(24));
    co_await pool.start();
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGKILL);
    }
    REQUIRE_AWAIT(eventually([&] { return pool.statistics().exited == 24; }), awaited);
    CHECK_AWAIT(at_full_strength(pool), awaited);
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    co_await pool.close();
}

POOL_TEST_CASE("a worker killed at any moment costs at most the call it ran", "[F5][F7][P1]") {
    constexpr int kRounds = 200;
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    std::minstd_rand random(5);  // NOLINT: the same moments every time
    int died = 0;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<TaskHandle<int>> some;
        for (int x = 0; x < 8; ++x) {
            some.push_back(pool.create_task<&calls::square>(x));
        }
        const auto pids = pool.pids();
        const auto moment = Clock::now() + std::chrono::microseconds(random() % 300);
        while (Clock::now() < moment) {
            co_await turns(1);
        }
        if (!pids.empty()) {
            ::kill(pids[random() % pids.size()], SIGKILL);
        }
        int lost = 0;
        for (auto& call : some) {
            try {
                co_await call;
            } catch (const WorkerDied&) {
                ++lost;
            }
        }
        CHECK(lost <= 1);
        died += lost;
    }
    INFO(died << " calls died");
    CHECK_AWAIT(at_full_strength(pool), awaited);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a segmentation fault fails its call alone", "[F8][P2]") {
    const WorkerDied died = co_await signal_among_others<&calls::segfault>(SIGSEGV);
    CHECK_THAT(died.details().note, contains("SIGSEGV at address 0x10"));
}

POOL_TEST_CASE("a stack overflow fails its call alone", "[F8][P2]") {
    co_await signal_among_others<&calls::overflow_the_stack>(SIGSEGV);
}

POOL_TEST_CASE("SIGBUS fails its call alone", "[F8][P2]") {
    co_await signal_among_others<&calls::touch_a_truncated_mapping>(SIGBUS);
}

POOL_TEST_CASE("a division by zero fails its call alone", "[F8][P2]") {
    co_await signal_among_others<&calls::divide_by>(SIGFPE, 0);
}

POOL_TEST_CASE("SIGILL fails its call alone", "[F8][P2]") {
    co_await signal_among_others<&calls::trap>(SIGILL);
}

POOL_TEST_CASE("a task that kills itself fails alone", "[F1][P2]") {
    co_await signal_among_others<&calls::kill_itself>(SIGKILL, int{SIGKILL});
}

POOL_TEST_CASE("a task over its own CPU limit fails alone", "[F15][P2]") {
    co_await signal_among_others<&calls::use_up_cpu_limit>(SIGXCPU);
}

POOL_TEST_CASE("abort() fails its call alone", "[F9][P2]") {
    co_await signal_among_others<&calls::call_abort>(SIGABRT);
}

POOL_TEST_CASE("std::terminate fails its call and names the exception", "[F9][P2]") {
    const WorkerDied died = co_await signal_among_others<&calls::throw_from_noexcept>(SIGABRT);
    CHECK_THAT(died.what(), contains("terminate: std::runtime_error: no way out"));
}

POOL_TEST_CASE("an exception in a thread fails the call and is named", "[F9][P2]") {
    const WorkerDied died = co_await signal_among_others<&calls::throw_in_a_thread>(SIGABRT);
    CHECK_THAT(died.what(), contains("terminate: std::runtime_error: nobody joins me"));
}

POOL_TEST_CASE("an exception out of a destructor during unwinding fails the call", "[F9][P2]") {
    const WorkerDied died = co_await signal_among_others<&calls::throw_while_unwinding>(SIGABRT);
    CHECK_THAT(died.what(), contains("terminate: "));
}

POOL_TEST_CASE("exit(0) fails its call, and the worker is replaced", "[F10][WP-13]") {
    co_await exit_among_others<&calls::call_exit>(0, 0);
}

POOL_TEST_CASE("exit(3) fails its call alone", "[F10][P2]") {
    co_await exit_among_others<&calls::call_exit>(3, 3);
}

POOL_TEST_CASE("_exit(3) fails its call alone", "[F10][P2]") {
    co_await exit_among_others<&calls::call_exit_at_once>(3, 3);
}

POOL_TEST_CASE("quick_exit(0) fails its call alone", "[F10][P2]") {
    co_await exit_among_others<&calls::call_quick_exit>(0, 0);
}

POOL_TEST_CASE("execve of another program fails the call", "[F11][P2]") {
    co_await exit_among_others<&calls::execute_true>(0);
}

POOL_TEST_CASE("a task that ends its main thread fails, and does not hang", "[F12][P2]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const WorkerDied died = co_await crash_among_others<&calls::end_the_main_thread>(pool);
    CHECK((died.signal() == SIGABRT || died.status() == 0));
    co_await pool.close();
}

POOL_TEST_CASE("a task that closes all descriptors loses its worker, not the pool", "[F13]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const std::vector<pid_t> before = pool.pids();
    // Alone, its result has no way to come. Among others it lies in shared memory, and counts.
    co_await error_of<WorkerDied>(pool.create_task<&calls::close_descriptors>());
    CHECK_AWAIT(at_full_strength(pool), awaited);
    CHECK(pool.pids() != before);
    for (int x = 0; x < 100; ++x) {
        CHECK_AWAIT(pool.create_task<&calls::square>(x), awaited == x * x);
    }
    CHECK(pool.statistics().died == 1);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a worker that closes its channel and lives on is killed", "[F57]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const WorkerDied died = co_await crash_among_others<&calls::close_descriptors_and_sleep>(pool);
    CHECK_THAT(died.what(), contains("it closed its channel"));
    CHECK(pool.statistics().killed == 1);
    co_await pool.close();
}
