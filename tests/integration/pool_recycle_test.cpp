// SPDX-License-Identifier: MIT

// Workers that are replaced after so many calls, or when they have grown.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <algorithm>
#include <clocale>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <ranges>
#include <set>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

#if defined(AIOMISC_ADDRESS_SANITIZER) || defined(AIOMISC_THREAD_SANITIZER)
constexpr std::uint32_t kBacklog = 150;
#else
constexpr std::uint32_t kBacklog = 1000;
#endif

pid_t mark_and_tell(std::uint32_t number) {
    calls::mark(number);
    return ::getpid();
}

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Takes memory for good.
std::size_t grow_by(std::size_t bytes) {
    static std::vector<std::vector<char>> kept;
    kept.emplace_back(bytes, 'x');
    return resident_bytes();
}

/// Changes all of the process that a call may change.
void disturb_the_process() {
    ::umask(0);
    if (::chdir("/") != 0 || std::setlocale(LC_ALL, "C.UTF-8") == nullptr) {
        throw std::runtime_error("cannot disturb");
    }
    ::signal(SIGCHLD, SIG_IGN);
    ::signal(SIGTERM, SIG_IGN);
    const rlimit fewer_files{100, 100};
    ::setrlimit(RLIMIT_NOFILE, &fewer_files);
}

/// The same, to compare.
std::string state_of_process() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    struct sigaction child{};
    ::sigaction(SIGCHLD, nullptr, &child);
    struct sigaction terminate{};
    ::sigaction(SIGTERM, nullptr, &terminate);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return std::filesystem::current_path().string() + " " + std::to_string(mask) + " " +
           std::setlocale(LC_ALL, nullptr) + " " + std::to_string(files.rlim_cur) + " " +
           std::to_string(child.sa_handler == SIG_IGN) +
           std::to_string(terminate.sa_handler == SIG_IGN);
}

/// The status of a child; none if its end was taken from us.
int status_of_child() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(9);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1;
}

WorkerPoolOptions recycling_options(std::uint64_t after_calls, std::size_t workers = 4) {
    auto options = pool_options(workers);
    options.recycle_after_calls = after_calls;
    return options;
}

/// Whether the calls below `count` ran, each once.
bool all_ran_once(std::uint32_t count) {
    return std::all_of(board().marks.begin(), board().marks.begin() + count, [](const auto& mark) {
        return mark == 1;
    });
}

std::uint64_t most_calls(const std::map<pid_t, std::uint64_t>& calls_of) {
    return std::ranges::max(calls_of | std::views::values);
}

Task<> check_recycling(std::uint64_t after_calls) {
    WorkerPool pool(recycling_options(after_calls));
    co_await pool.start();
    std::vector<TaskHandle<pid_t>> calls;
    for (std::uint32_t number = 0; number < kBacklog; ++number) {
        calls.push_back(pool.create_task<&mark_and_tell>(number));
    }
    std::map<pid_t, std::uint64_t> calls_of;
    for (auto& call : calls) {
        ++calls_of[co_await call];
    }
    CHECK(all_ran_once(kBacklog));
    CHECK(most_calls(calls_of) == after_calls);
    CHECK(calls_of.size() >= kBacklog / after_calls);
    CHECK_AWAIT(at_full_strength(pool, 5s), awaited);
    CHECK_AWAIT(all_gone({calls_of.begin()->first}, 5s), awaited);
    CHECK(pool.statistics().recycled >= kBacklog / after_calls - pool.workers());
    CHECK(pool.statistics().killed == 0);
    check_counters(pool);
    co_await pool.close();
}

bool all_gone_now(const std::vector<pid_t>& pids) {
    return std::ranges::all_of(pids, &is_gone);
}

}  // namespace

POOL_TEST_CASE("workers replaced after every call lose none of a backlog", "[F85][P18]") {
    co_await check_recycling(1);
}

POOL_TEST_CASE("workers replaced after two calls lose none of a backlog", "[F85][P18]") {
    co_await check_recycling(2);
}

POOL_TEST_CASE("workers replaced after three calls lose none of a backlog", "[F85][P18]") {
    co_await check_recycling(3);
}

POOL_TEST_CASE("a map keeps its order while workers are replaced", "[F85][P18]") {
    for (const std::uint64_t after_calls : {1U, 3U}) {
        for (auto& mark : board().marks) {
            mark = 0;
        }
        WorkerPool pool(recycling_options(after_calls, 2));
        co_await pool.start();
        auto stream = pool.map<&mark_and_tell>(std::views::iota(0U, 100U), {.chunk_size = 50});
        std::map<pid_t, std::uint64_t> calls_of;
        while (const auto pid = co_await stream.next()) {
            ++calls_of[*pid];
        }
        CHECK(all_ran_once(100));
        CHECK(most_calls(calls_of) <= after_calls);
        co_await pool.close();
    }
}

POOL_TEST_CASE("calls and a map together do not outstay a worker's number of calls", "[F85]") {
    WorkerPool pool(recycling_options(5, 1));
    co_await pool.start();
    std::map<pid_t, std::uint64_t> calls_of;
    std::uint32_t number = 0;
    for (int round = 0; round < 6; ++round) {
        ++calls_of[co_await pool.create_task<&mark_and_tell>(number++)];
        auto stream =
            pool.map<&mark_and_tell>(std::views::iota(number, number + 5), {.chunk_size = 5});
        while (const auto pid = co_await stream.next()) {
            ++calls_of[*pid];
        }
        number += 5;
    }
    CHECK(all_ran_once(number));
    CHECK(most_calls(calls_of) == 5);
    co_await pool.close();
}

POOL_TEST_CASE("a worker that has grown is replaced between calls", "[F79][F85]") {
    std::size_t usual = 0;
    {
        WorkerPool pool(pool_options(1));
        co_await pool.start();
        usual = co_await pool.create_task<&grow_by>(std::size_t{1});
        co_await pool.close();
    }
    auto options = pool_options(1);
    options.recycle_above_rss_bytes = usual + (std::size_t{64} << 20);
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const auto before = pool.pids();
    for (int count = 0; count < 20; ++count) {
        co_await pool.create_task<&calls::square>(count);
    }
    CHECK(pool.pids() == before);
    CHECK_AWAIT(pool.create_task<&grow_by>(std::size_t{128} << 20), awaited > usual);
    CHECK_AWAIT(pool.create_task<&calls::process_id>(), awaited != before.front());
    CHECK_AWAIT(all_gone(before), awaited);
    CHECK(pool.statistics().recycled == 1);
    co_await pool.close();
}

POOL_TEST_CASE("workers that are all over their memory are replaced in turn", "[F85][P18]") {
    auto options = pool_options(4);
    options.recycle_above_rss_bytes = 1;  // every one, after every call
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const auto before = pool.pids();
    std::vector<TaskHandle<std::size_t>> waiting;
    for (int call = 0; call < 4; ++call) {
        waiting.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 4; }), awaited);
    board().gates[0] = 1;  // all four are due at about the same time
    std::size_t fewest = 4;
    std::vector<TaskHandle<int>> calls;
    const auto deadline = Clock::now() + 10s * kPatience;
    while (!all_gone_now(before)) {
        REQUIRE(Clock::now() < deadline);
        // The numbers change on turns of the loop only: none is missed.
        co_await turns(1);
        fewest = std::min(fewest, pool.pids().size());
        if (std::ranges::all_of(calls, [](const auto& call) { return call.done(); })) {
            calls.clear();
            for (int x = 0; x < 8; ++x) {
                calls.push_back(pool.create_task<&calls::square>(x));
            }
        }
    }
    CHECK(fewest == 3);
    for (auto& call : waiting) {
        CHECK_AWAIT(call, awaited == 0U);
    }
    for (auto& call : calls) {
        co_await call;
    }
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("what a call changes of its process stays there, and ends with it", "[F14][F85]") {
    WorkerPool pool(recycling_options(4, 1));
    co_await pool.start();
    const pid_t first = pool.pids().front();
    const std::string clean = co_await pool.create_task<&state_of_process>();
    co_await pool.create_task<&disturb_the_process>();
    CHECK_AWAIT(pool.create_task<&state_of_process>(), awaited != clean);
    CHECK_AWAIT(pool.create_task<&status_of_child>(), awaited == -1);
    CHECK_AWAIT(pool.create_task<&calls::process_id>(), awaited != first);
    CHECK_AWAIT(pool.create_task<&state_of_process>(), awaited == clean);
    CHECK_AWAIT(pool.create_task<&status_of_child>(), awaited == 9);
    CHECK_AWAIT(all_gone({first}), awaited);
    co_await pool.close();
}

POOL_TEST_CASE("workers are replaced while calls are cancelled", "[F84][F85]") {
    WorkerPool pool(recycling_options(2));
    co_await pool.start();
    std::vector<TaskHandle<std::uint32_t>> kept;
    for (std::uint32_t number = 0; number < 200; ++number) {
        auto dropped = pool.create_task<&calls::sleep_until_cancelled>();
        kept.push_back(pool.create_task<&calls::mark>(number));
        if (number % 3 == 0) {
            co_await turns(static_cast<int>(number % 5));
        }
        dropped.cancel();
    }
    for (std::uint32_t number = 0; number < 200; ++number) {
        CHECK_AWAIT(kept[number], awaited == number);
    }
    CHECK(all_ran_once(200));
    CHECK_AWAIT(at_full_strength(pool, 5s), awaited);
    CHECK(pool.statistics().cancelled == 200);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("replacing, killing and closing at once settles every call once", "[F85][F86]") {
    WorkerPool pool(recycling_options(1));
    co_await pool.start();
    std::set<pid_t> seen;
    std::vector<TaskHandle<pid_t>> calls;
    for (std::uint32_t number = 0; number < 300; ++number) {
        calls.push_back(pool.create_task<&mark_and_tell>(number));
    }
    for (std::size_t index = 0; index < 40; index += 8) {
        co_await settle(std::move(calls[index]));
        for (const pid_t pid : pool.pids()) {
            seen.insert(pid);
            ::kill(pid, SIGKILL);
        }
    }
    co_await pool.close();
    for (auto& call : calls) {
        CHECK((!call || call.done()));
        if (call) {
            const auto outcome = co_await settle(std::move(call));
            const auto text = text_of(outcome);
            CAPTURE(text);
            CHECK(
                (text == "value" || text.find("WorkerDied") != std::string::npos ||
                 text.find("PoolClosed") != std::string::npos));
        }
    }
    CHECK(std::none_of(board().marks.begin(), board().marks.begin() + 300, [](const auto& mark) {
        return mark > 1;
    }));
    CHECK_AWAIT(all_gone({seen.begin(), seen.end()}), awaited);
    check_counters(pool);
}
