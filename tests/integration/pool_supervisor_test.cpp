// SPDX-License-Identifier: MIT

// A pool whose supervisor, or zygote, is killed, told to end, or stopped.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/worker/pool/worker_hooks.h>
#include <aiomisc/worker/process/zygote.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <iostream>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// While it lives, this process can open nothing.
class NoMoreDescriptors {
public:
    NoMoreDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{4, before_.rlim_max};  // not 0: poll() takes so many, too
        ::setrlimit(RLIMIT_NOFILE, &none);
    }

    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

    ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

void nap(std::chrono::nanoseconds time) {
    const timespec duration{0, static_cast<long>(time.count())};
    ::nanosleep(&duration, nullptr);
}

/// With a daemon of its own, shows that it is alive for as long as it is.
void beat_for_ever() {
    calls::start_daemon();
    board().sign();
    for (;;) {
        ++board().counters[0];
        nap(100us);
    }
}

/// Whether anything of that kind is alive.
bool is_beating() {
    const std::int64_t before = board().counters[0];
    nap(5ms);
    return board().counters[0] != before;
}

/// Whether the pool has another supervisor, and all its workers, within the second that is
/// promised.
Task<bool> recovered(WorkerPool& pool, pid_t old_supervisor, std::vector<pid_t> old_workers) {
    co_return co_await eventually(
        [&] {
            const auto pids = pool.pids();
            return pool.supervisor_pid() != old_supervisor && pids.size() == pool.workers() &&
                   std::ranges::none_of(pids, [&](pid_t pid) {
                       return is_gone(pid) || std::ranges::count(old_workers, pid) != 0;
                   });
        },
        1s);
}

pid_t zygote_pid() {
    return process::Zygote::ensure(detail::worker_hooks()).pid();
}

/// For helpers, which have no assertions.
void expect(bool condition, const char* what) {
    if (!condition) {
        throw std::runtime_error(what);
    }
}

int run_helper_body(Task<> (*body)()) {
    try {
        EventLoop loop;
        loop.run_until_complete(body());
        loop.close();
    } catch (const std::exception& error) {
        std::cout << error.what() << std::endl;
        return 1;
    }
    return 0;
}

/// Runs the helper, which must succeed and leave nothing.
void check_helper(const std::string& name) {
    Process helper = Process::start_helper(name);
    CHECK(helper.read_all() == "");
    CHECK(helper.wait() == ExitStatus{.code = 0, .signal = 0});
    CHECK(test::wait_until([&] { return helper.survivors().empty(); }, 1s));
}

Task<> square_some(WorkerPool& pool, int count) {
    for (int x = 0; x < count; ++x) {
        expect(co_await pool.create_task<&calls::square>(x) == x * x, "wrong result");
    }
}

}  // namespace

POOL_TEST_CASE("kill -9 of the supervisor of an idle pool: another takes over", "[F31][P7]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const pid_t supervisor = pool.supervisor_pid();
    const auto workers = pool.pids();
    ::kill(supervisor, SIGKILL);
    CHECK_AWAIT(recovered(pool, supervisor, workers), awaited);
    CHECK_AWAIT(all_gone(workers), awaited);
    CHECK(is_gone(supervisor));
    for (int x = 0; x < 100; ++x) {
        CHECK_AWAIT(pool.create_task<&calls::square>(x), awaited == x * x);
    }
    CHECK(pool.statistics().died == 0);
    CHECK(pool.statistics().spawned == 8);
    CHECK(pool.statistics().exited == 4);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("kill -9 of a supervisor: what ran fails, what waits is served", "[F31][P7]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    const pid_t supervisor = pool.supervisor_pid();
    const auto workers = pool.pids();
    std::vector<TaskHandle<>> running;
    for (std::size_t count = 0; count < pool.workers(); ++count) {
        running.push_back(pool.create_task<&beat_for_ever>());
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 8; }), awaited);
    std::vector<TaskHandle<std::uint32_t>> queued;
    std::vector<TaskHandle<bool>> witnesses;
    for (std::uint32_t number = 0; number < 100; ++number) {
        queued.push_back(pool.create_task<&calls::mark>(number));
        witnesses.push_back(pool.create_task<&is_beating>());
    }
    ::kill(supervisor, SIGKILL);
    for (auto& call : running) {
        const auto died = co_await error_of<WorkerDied>(std::move(call));
        CHECK(std::ranges::count(workers, died.pid()) == 1);
        CHECK(died.phase() == WorkerDied::Phase::kRun);
        CHECK_THAT(died.what(), contains("its supervisor is gone"));
    }
    CHECK_AWAIT(recovered(pool, supervisor, workers), awaited);
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);  // the daemons as well
    CHECK(is_gone(supervisor));
    for (std::uint32_t number = 0; number < 100; ++number) {
        CHECK_AWAIT(queued[number], awaited == number);
        CHECK(board().marks[number] == 1);
        CHECK_AWAIT(witnesses[number], !awaited);  // the old ones were dead before the new ones ran
    }
    CHECK(pool.statistics().died == 4);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a supervisor killed at any moment costs at most what ran", "[F31][P1][P3]") {
    constexpr std::uint32_t kRounds = 20;
    constexpr std::uint32_t kCalls = 500;
    WorkerPool pool(pool_options());
    co_await pool.start();
    std::uint32_t lost = 0;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
        std::vector<TaskHandle<std::uint32_t>> some;
        for (std::uint32_t number = 0; number < kCalls; ++number) {
            some.push_back(pool.create_task<&calls::mark>(round * kCalls + number));
        }
        co_await turns(static_cast<int>(round));
        ::kill(pool.supervisor_pid(), SIGKILL);
        std::uint32_t lost_now = 0;
        for (auto& call : some) {
            try {
                co_await call;
            } catch (const WorkerDied&) {
                ++lost_now;
            }
        }
        CHECK(lost_now <= pool.workers());
        lost += lost_now;
    }
    INFO(lost << " calls were lost");
    CHECK(std::all_of(
        board().marks.begin(), board().marks.begin() + kRounds * kCalls, [](const auto& mark) {
            return mark <= 1;
        }));
    CHECK_AWAIT(at_full_strength(pool), awaited);
    CHECK(pool.statistics().died == lost);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a supervisor that is killed again and again breaks the pool", "[F32][P5]") {
    auto options = pool_options();
    options.restart_limit = 12;  // ten at once, then with pauses
    WorkerPool pool(std::move(options));
    co_await pool.start();
    // Nothing that finishes, which would start the count anew.
    int kills = 0;
    for (pid_t last = 0; kills < 100; ++kills) {
        bool broken = false;
        REQUIRE_AWAIT(
            eventually([&] {
                try {
                    static_cast<void>(pool.try_create_task<&calls::sleep_for_ever>());
                } catch (const PoolBroken&) {
                    broken = true;
                }
                return broken || (pool.supervisor_pid() != last && pool.pids().size() == 4);
            }),
            awaited);
        if (broken) {
            break;
        }
        last = pool.supervisor_pid();
        ::kill(last, SIGKILL);
    }
    CHECK(kills == 13);
    std::string why;
    try {
        static_cast<void>(pool.create_task<&calls::square>(1));
    } catch (const PoolBroken& broken) {
        why = broken.what();
    }
    CHECK_THAT(why, contains("its supervisor dies again and again"));
    CHECK_THAT(why, contains("the supervisor killed by SIGKILL; the supervisor killed by SIGKILL"));
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("what waits when the pool breaks fails with the reason", "[F32][P1][P5]") {
    auto options = pool_options(1);
    options.restart_limit = 1;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    auto running = pool.create_task<&calls::sleep_for_ever>();
    auto queued = pool.create_task<&calls::sleep_for_ever>();
    auto behind = pool.create_task<&calls::square>(1);
    for (std::uint32_t kills = 1; kills <= 2; ++kills) {
        REQUIRE_AWAIT(eventually([&] { return board().signers == kills; }), awaited);
        ::kill(pool.supervisor_pid(), SIGKILL);
    }
    co_await error_of<WorkerDied>(std::move(running));
    co_await error_of<WorkerDied>(std::move(queued));
    const auto broken = co_await error_of<PoolBroken>(std::move(behind));
    CHECK_THAT(broken.what(), contains("the supervisor killed by SIGKILL"));
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a supervisor told to end takes its workers along, and is replaced", "[F33][P7]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
        CAPTURE(signal);
        const std::uint32_t signed_before = board().signers;
        const pid_t supervisor = pool.supervisor_pid();
        const auto workers = pool.pids();
        auto running = pool.create_task<&calls::sleep_for_ever>();
        REQUIRE_AWAIT(eventually([&] { return board().signers > signed_before; }), awaited);
        ::kill(supervisor, signal);
        co_await error_of<WorkerDied>(std::move(running));
        CHECK_AWAIT(recovered(pool, supervisor, workers), awaited);
        CHECK_AWAIT(all_gone(workers), awaited);
        CHECK(is_gone(supervisor));
        CHECK_AWAIT(pool.create_task<&calls::square>(signal), awaited == signal * signal);
    }
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a stopped supervisor is not on the way of the calls", "[F34]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    auto running = pool.create_task<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const pid_t supervisor = pool.supervisor_pid();
    ::kill(supervisor, SIGSTOP);
    board().gates[0] = 1;
    CHECK_AWAIT(running, awaited == 0);
    for (int x = 0; x < 1000; ++x) {
        CHECK_AWAIT(pool.create_task<&calls::square>(x), awaited == x * x);
    }
    // Who dies meanwhile is replaced once it goes on.
    const pid_t victim = pool.pids().front();
    ::kill(victim, SIGKILL);
    CHECK_AWAIT(pool.create_task<&calls::square>(2), awaited == 4);
    ::kill(supervisor, SIGCONT);
    CHECK_AWAIT(eventually([&] { return pool.statistics().spawned == 5; }, 1s), awaited);
    CHECK_AWAIT(at_full_strength(pool), awaited);
    CHECK(pool.supervisor_pid() == supervisor);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("close() does not wait for a supervisor that is stopped", "[F34][P12]") {
    WorkerPool pool(pool_options());
    co_await pool.start();
    auto running = pool.create_task<&beat_for_ever>();
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    auto all = board().signed_pids();
    all.push_back(pool.supervisor_pid());
    std::ranges::copy(pool.pids(), std::back_inserter(all));
    ::kill(pool.supervisor_pid(), SIGSTOP);
    co_await wait_for(pool.close(), 3s * kPatience);
    co_await error_of<PoolClosed>(std::move(running));
    CHECK_AWAIT(all_gone(all), awaited);
}

// UndefinedBehaviorSanitizer opens a pipe to look at a pointer, and ends the process where it gets
// none.
#ifndef AIOMISC_ADDRESS_SANITIZER
POOL_TEST_CASE("a supervisor that cannot be started now is started later", "[F20][F31][P7]") {
    const StderrCapture capture;
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const pid_t supervisor = pool.supervisor_pid();
    {
        const NoMoreDescriptors scarcity;
        ::kill(supervisor, SIGKILL);
        REQUIRE_AWAIT(
            eventually(
                [&] { return capture.text().find("cannot be started") != std::string::npos; }),
            awaited);
    }
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    CHECK(pool.supervisor_pid() != supervisor);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("a pool that cannot be started is broken, and says why", "[F20][P5]") {
    const StderrCapture capture;
    WorkerPool pool(pool_options(1));
    {
        const NoMoreDescriptors scarcity;
        co_await error_of<SystemError>(pool.start());
    }
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolBroken);
    co_await error_of<InvalidStateError>(pool.start());
    co_await pool.close();
    CHECK_THROWS_AS(static_cast<void>(pool.create_task<&calls::square>(1)), PoolClosed);
}
#endif

AIOMISC_TEST_HELPER(program_loses_its_zygote_and_stops_its_supervisor) {
    prepare_for_pools();
    return run_helper_body([]() -> Task<> {
        WorkerPool pool(pool_options(2));
        co_await pool.start();
        auto all = pool.pids();
        all.push_back(pool.supervisor_pid());
        const pid_t zygote = zygote_pid();
        ::kill(pool.supervisor_pid(), SIGSTOP);
        ::kill(zygote, SIGKILL);
        expect(co_await eventually([&] { return is_gone(zygote); }), "the zygote does not die");
        co_await pool.close();
        expect(co_await all_gone(all), "a supervisor that is stopped survives close()");
    });
}

TEST_CASE("close() kills a stopped supervisor, also without a zygote", "[F24][F34][P12]") {
    check_helper("program_loses_its_zygote_and_stops_its_supervisor");
}

AIOMISC_TEST_HELPER(program_loses_its_zygote) {
    prepare_for_pools();
    return run_helper_body([]() -> Task<> {
        WorkerPool first(pool_options());
        co_await first.start();
        const pid_t zygote = zygote_pid();
        ::kill(zygote, SIGKILL);
        expect(co_await eventually([&] { return is_gone(zygote); }), "the zygote does not die");
        co_await square_some(first, 100);
        // Still it replaces whom it loses.
        const pid_t victim = first.pids().front();
        ::kill(victim, SIGKILL);
        expect(co_await eventually([&] { return first.statistics().exited == 1; }), "no death");
        expect(co_await at_full_strength(first), "not replaced");
        // The next one has a zygote.
        WorkerPool second(pool_options(2));
        co_await second.start();
        expect(zygote_pid() != zygote && !is_gone(zygote_pid()), "no new zygote");
        co_await square_some(second, 100);
        // And so has a pool that lost its supervisor, too.
        const pid_t supervisor = first.supervisor_pid();
        const auto workers = first.pids();
        ::kill(supervisor, SIGKILL);
        expect(co_await recovered(first, supervisor, workers), "no new supervisor");
        expect(co_await all_gone(workers), "old workers are left");
        co_await square_some(first, 100);
        co_await square_some(second, 100);
        expect(first.statistics().died == 0 && second.statistics().exited == 0, "calls were hit");
        co_await first.close();
        co_await second.close();
    });
}

TEST_CASE("kill -9 of the zygote: pools go on, and the next one gets another", "[F24]") {
    check_helper("program_loses_its_zygote");
}

AIOMISC_TEST_HELPER(program_loses_zygote_and_supervisor) {
    prepare_for_pools();
    return run_helper_body([]() -> Task<> {
        WorkerPool pool(pool_options());
        co_await pool.start();
        for (int round = 0; round < 3; ++round) {
            auto running = pool.create_task<&calls::sleep_for_ever>();
            const auto signers = static_cast<std::uint32_t>(round) + 1;
            expect(co_await eventually([&] { return board().signers == signers; }), "not begun");
            const pid_t supervisor = pool.supervisor_pid();
            const auto workers = pool.pids();
            ::kill(zygote_pid(), SIGKILL);
            ::kill(supervisor, SIGKILL);
            expect(!(co_await settle(std::move(running))).has_value(), "a call survived");
            expect(co_await recovered(pool, supervisor, workers), "not recovered");
            expect(co_await all_gone(workers), "old workers are left");
            co_await square_some(pool, 10);
        }
        co_await pool.close();
    });
}

TEST_CASE("kill -9 of zygote and supervisor: the pool gets both anew", "[F24][F31]") {
    check_helper("program_loses_zygote_and_supervisor");
}
