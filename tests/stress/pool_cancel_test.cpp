// SPDX-License-Identifier: MIT

// Cancellation in every state that a call can be in, in seeded random order. Each state by itself:
// tests/integration/pool_cancel_test.cpp.
//
// AIOMISC_TEST_SEED=N repeats the choices of a run that failed, though not its timing.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "stress/seed.h"

#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/worker/call/this_task.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <random>
#include <utility>

#include <sched.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kRounds = 20'000 / kSlowdown;
constexpr std::uint32_t kStorms = 20 / std::min(kSlowdown, 10U);

using Call = TaskHandle<std::uint32_t>;

std::uint32_t mark_and_sleep(std::uint32_t number) {
    calls::mark(number);
    this_task::sleep_for(300s);
    return number;
}

/// Cannot be told to stop.
std::uint32_t mark_and_pause_for_ever(std::uint32_t number) {
    calls::mark(number);
    for (;;) {
        ::pause();
    }
}

std::uint32_t mark_large(std::uint32_t number, const std::vector<std::uint8_t>&) {
    return calls::mark(number);
}

std::uint32_t mark_and_work(std::uint32_t number, std::uint32_t microseconds) {
    calls::mark(number);
    const auto end = Clock::now() + std::chrono::microseconds(microseconds);
    while (Clock::now() < end && !this_task::stop_requested()) {
    }
    this_task::check_cancelled();
    return number;
}

/// What reaches a call that nobody cancels; 0 if nothing does.
int witness(std::uint32_t number) {
    calls::mark(number);
    const timespec nap{0, 100'000};
    const bool interrupted = ::nanosleep(&nap, nullptr) != 0;
    return (interrupted ? 1 : 0) + (this_task::stop_requested() ? 2 : 0);
}

/// How a call ended.
struct Outcomes {
    std::uint64_t value = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t died = 0;
    std::uint64_t closed = 0;
    std::uint64_t other = 0;

    [[nodiscard]] std::uint64_t all() const { return value + cancelled + died + closed + other; }
};

Task<> await_outcome(Call call, Outcomes& outcomes) {
    auto outcome = co_await settle(std::move(call));
    if (outcome.has_value()) {
        ++outcomes.value;
        co_return;
    }
    try {
        std::rethrow_exception(outcome.error());
    } catch (const CancelledError&) {
        ++outcomes.cancelled;
    } catch (const WorkerDied&) {
        ++outcomes.died;
    } catch (const PoolClosed&) {
        ++outcomes.closed;
    } catch (...) {
        ++outcomes.other;
    }
}

/// As eventually(), without a pause between.
Task<> until(std::function<bool()> condition) {
    const auto deadline = Clock::now() + 20s * kPatience;
    while (!condition()) {
        if (Clock::now() >= deadline) {
            throw TimeoutError("what must happen does not");
        }
        co_await turns();
    }
}

bool has_run(std::uint32_t number) {
    return board().marks[number] > 0;
}

enum class State : std::uint8_t {
    kJustCreated,
    kQueued,
    kBeingSent,
    kSentAhead,
    kRunning,
    kRunningOnAndOn,
    kResultOnItsWay,
    kAnywhere,
    kDone,
    kWorkerDead,
    kClosing
};

/// Per thousand rounds. A worker that has to be replaced, and a pool of its own, cost the time of
/// a hundred calls.
constexpr std::array<int, 11> kShares{150, 150, 60, 10, 200, 5, 180, 180, 52, 10, 3};

/// One call is cancelled in each round, with others around it.
class CancelRounds {
public:
    /// Of each round: the call that is cancelled, one beside it, one after it.
    static constexpr std::uint32_t kCallsOfRound = 3;
    static_assert(kRounds * kCallsOfRound <= Board::kMarks);

    explicit CancelRounds(std::uint32_t seed) : random_(seed) {}

    Task<> run() {
        co_await narrow_.start();
        co_await wide_.start();
        for (std::uint32_t round = 0; round < kRounds; ++round) {
            const auto state = static_cast<State>(states_(random_));
            CAPTURE(round, static_cast<int>(state));
            const std::uint32_t number = round * kCallsOfRound;
            co_await wait_for(
                state == State::kClosing ? cancel_while_closing(number) : play(state, number),
                10s * kPatience);
        }
        co_await until([this] { return is_idle(narrow_) && is_idle(wide_); });
        check_totals();
        co_await narrow_.close();
        co_await wide_.close();
    }

private:
    static WorkerPoolOptions options(std::size_t workers) {
        auto options = pool_options(workers);
        options.cancel_grace = 10ms;
        options.share_above_bytes = std::size_t{1} << 20;  // large arguments fill the channel
        return options;
    }

    static bool is_idle(const WorkerPool& pool) {
        const auto now = pool.statistics();
        return now.queued == 0 && now.running == 0;
    }

    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(random_() % limit);
    }

    /// Passes a little time, or some turns of the loop, or neither.
    Task<> dawdle() {
        if (below(2) == 0) {
            co_await turns(static_cast<int>(below(4)));
        } else {
            busy_wait(std::chrono::microseconds(below(60)));
        }
    }

    static void busy_wait(Duration time) {
        const auto end = Clock::now() + time;
        while (Clock::now() < end) {
            ::sched_yield();
        }
    }

    Task<> play(State state, std::uint32_t number) {
        // Only with one worker is it sure which one is to be killed, and which one is next.
        WorkerPool& pool = state == State::kWorkerDead || below(2) == 0 ? narrow_ : wide_;
        std::vector<TaskHandle<int>> others;
        if (state != State::kWorkerDead && state != State::kQueued && below(2) == 0) {
            others.push_back(pool.create_task<&witness>(number + 1));
        }
        Call call = co_await bring_to(state, pool, number);
        const bool was_done = call.done();
        const bool must_not_run = state == State::kJustCreated || state == State::kQueued;
        call.cancel();
        CHECK(call.done());  // whoever cancels does not wait
        CHECK(call.cancelled() == !was_done);
        others.push_back(pool.create_task<&witness>(number + 2));
        board().gates[0] = 1;
        co_await await_outcome(std::move(call), outcomes_);
        for (auto& other : others) {
            CHECK_AWAIT(other, awaited == 0);
        }
        for (auto& blocker : std::exchange(blockers_, {})) {
            co_await blocker;
        }
        CHECK(board().marks[number] <= (must_not_run ? 0U : 1U));
        CHECK(board().marks[number + 1] == others.size() - 1);
        CHECK(board().marks[number + 2] == 1);
        if (must_not_run) {
            never_to_run_.push_back(number);
        }
    }

    Task<Call> bring_to(State state, WorkerPool& pool, std::uint32_t number) {
        switch (state) {
            case State::kJustCreated:
                co_return pool.create_task<&calls::mark>(number);
            case State::kQueued:
                co_return co_await queue(pool, number);
            case State::kBeingSent:
                co_return co_await send_slowly(pool, number);
            case State::kSentAhead:
                co_return co_await send_ahead(pool, number);
            case State::kRunning:
                co_return co_await run_until_told(pool, number);
            case State::kRunningOnAndOn:
                co_return co_await run_on_and_on(pool, number);
            case State::kResultOnItsWay:
                co_return co_await run_unread(pool, number);
            case State::kAnywhere:
                co_return co_await run_somehow(pool, number);
            case State::kDone:
                co_return co_await run_to_the_end(pool, number);
            case State::kWorkerDead:
                co_return co_await lose_the_worker(pool, number);
            case State::kClosing:
                break;
        }
        throw InvalidStateError("a state of its own");
    }

    /// Behind calls that keep all workers.
    Task<Call> queue(WorkerPool& pool, std::uint32_t number) {
        board().gates[0] = 0;
        const std::uint32_t before = board().signers;
        for (std::size_t count = 0; count < pool.workers(); ++count) {
            blockers_.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
        }
        co_await until([&] { return board().signers == before + pool.workers(); });
        Call call = pool.create_task<&calls::mark>(number);
        co_await dawdle();
        co_return call;
    }

    Task<Call> send_slowly(WorkerPool& pool, std::uint32_t number) {
        static const std::vector<std::uint8_t> more_than_a_socket_takes(500'000, 1);
        Call call = pool.create_task<&mark_large>(number, more_than_a_socket_takes);
        co_await turns(static_cast<int>(below(3)));
        co_return call;
    }

    /// Calls look so short that several are sent at once; this one comes first, or behind another.
    Task<Call> send_ahead(WorkerPool& pool, std::uint32_t number) {
        for (int round = 0; round < 100; ++round) {
            co_await pool.create_task<&calls::square>(round);
        }
        board().gates[0] = 0;
        if (below(2) == 0) {
            for (std::size_t count = 0; count < pool.workers(); ++count) {
                blockers_.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
            }
        }
        Call call = pool.create_task<&mark_and_work>(number, 50U);
        for (int count = 0; count < 4; ++count) {
            blockers_.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
        }
        co_await dawdle();
        co_return call;
    }

    Task<Call> run_until_told(WorkerPool& pool, std::uint32_t number) {
        Call call = pool.create_task<&mark_and_sleep>(number);
        co_await until([&] { return has_run(number); });
        co_await dawdle();
        co_return call;
    }

    Task<Call> run_on_and_on(WorkerPool& pool, std::uint32_t number) {
        Call call = pool.create_task<&mark_and_pause_for_ever>(number);
        co_await until([&] { return has_run(number); });
        co_return call;
    }

    /// Seen to run between two turns of the loop, so that none has read the result.
    Task<Call> run_unread(WorkerPool& pool, std::uint32_t number) {
        Call call = pool.create_task<&calls::mark>(number);
        while (!has_run(number)) {
            co_await turns();
            const auto end = Clock::now() + 50us;
            while (!has_run(number) && Clock::now() < end) {
                ::sched_yield();
            }
        }
        busy_wait(std::chrono::microseconds(below(60)));
        co_return call;
    }

    Task<Call> run_somehow(WorkerPool& pool, std::uint32_t number) {
        Call call = pool.create_task<&mark_and_work>(number, below(100));
        co_await dawdle();
        co_await dawdle();
        co_return call;
    }

    Task<Call> run_to_the_end(WorkerPool& pool, std::uint32_t number) {
        Call call = pool.create_task<&calls::mark>(number);
        co_await until([&] { return call.done(); });
        co_return call;
    }

    Task<Call> lose_the_worker(WorkerPool& pool, std::uint32_t number) {
        Call call = co_await run_until_told(pool, number);
        ::kill(pool.pids().front(), SIGKILL);
        co_await dawdle();
        co_return call;
    }

    /// Calls of a pool of its own that run, wait, and are cancelled while it closes.
    Task<> cancel_while_closing(std::uint32_t number) {
        WorkerPool pool(options(2));
        co_await pool.start();
        std::vector<Call> calls;
        for (std::uint32_t index = 0; index < kCallsOfRound; ++index) {
            calls.push_back(pool.create_task<&mark_and_sleep>(number + index));
        }
        co_await dawdle();
        auto closing = create_task(pool.close());
        co_await dawdle();
        const std::size_t chosen = below(kCallsOfRound);
        calls[chosen].cancel();
        CHECK(calls[chosen].done());
        Outcomes outcomes;
        for (auto& call : calls) {
            co_await await_outcome(std::move(call), outcomes);
        }
        co_await closing;
        CHECK(outcomes.cancelled + outcomes.closed == kCallsOfRound);
        CHECK(pool.statistics().cancelled == outcomes.cancelled);
        CHECK(pool.statistics().rejected == outcomes.closed);
        check_counters(pool);
    }

    void check_totals() {
        CHECK(outcomes_.other == 0);
        CHECK(std::ranges::none_of(
            never_to_run_, [](std::uint32_t number) { return has_run(number); }));
        const auto narrow = narrow_.statistics();
        const auto wide = wide_.statistics();
        CHECK(narrow.cancelled + wide.cancelled == outcomes_.cancelled);
        CHECK(narrow.died + wide.died == outcomes_.died);
        CHECK(narrow.failed + wide.failed + narrow.timed_out + wide.timed_out == 0);
        check_counters(narrow_);
        check_counters(wide_);
    }

    std::mt19937 random_;
    std::discrete_distribution<int> states_{kShares.begin(), kShares.end()};
    WorkerPool narrow_{options(1)};
    WorkerPool wide_{options(3)};
    std::vector<TaskHandle<std::size_t>> blockers_;
    Outcomes outcomes_;
    std::vector<std::uint32_t> never_to_run_;
};

}  // namespace

POOL_TEST_CASE("calls cancelled in every state settle once, and hit no other", "[F83][P1][P11]") {
    const std::uint32_t seed = seed_of_run(83);
    CAPTURE(seed);
    CancelRounds rounds(seed);
    co_await rounds.run();
}

POOL_TEST_CASE("half of a thousand calls are cancelled at random moments", "[F84][P1][P4]") {
    constexpr std::uint32_t kCalls = 1000;
    const std::uint32_t seed = seed_of_run(84);
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto options = pool_options(4);
    options.cancel_grace = 10ms;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    for (std::uint32_t storm = 0; storm < kStorms; ++storm) {
        const std::uint32_t first = storm * kCalls;
        std::vector<Call> calls;
        std::vector<std::size_t> victims;
        for (std::uint32_t number = first; number < first + kCalls; ++number) {
            // Some do not listen, and cost their worker if they are cancelled while they run; they
            // are, or the storm would never end.
            const bool deaf = random() % 100 == 0;
            if (deaf || random() % 2 == 0) {
                victims.push_back(calls.size());
            }
            calls.push_back(
                deaf ? pool.create_task<&mark_and_pause_for_ever>(number)
                     : pool.create_task<&mark_and_work>(
                           number, static_cast<std::uint32_t>(random() % 200)));
        }
        std::ranges::shuffle(victims, random);
        for (const std::size_t victim : victims) {
            co_await turns(static_cast<int>(random() % 3));
            calls[victim].cancel();
        }
        Outcomes outcomes;
        for (Call& call : calls) {
            co_await await_outcome(std::move(call), outcomes);
        }
        CHECK(outcomes.value + outcomes.cancelled == kCalls);
        CHECK(outcomes.all() == kCalls);
        const auto run = static_cast<std::uint64_t>(std::count_if(
            board().marks.begin() + first,
            board().marks.begin() + first + kCalls,
            [](const auto& mark) { return mark == 1; }));
        CHECK(run >= outcomes.value);
        CHECK(std::all_of(
            board().marks.begin() + first,
            board().marks.begin() + first + kCalls,
            [](const auto& mark) { return mark <= 1; }));
    }
    CHECK_AWAIT(at_full_strength(pool), awaited);
    const auto statistics = pool.statistics();
    CHECK(statistics.spawned - pool.workers() <= statistics.killed);
    CHECK(statistics.submitted == kStorms * kCalls);
    check_counters(pool);
    co_await pool.close();
}
