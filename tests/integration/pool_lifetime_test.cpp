// SPDX-License-Identifier: MIT

// The end of the program that has a pool, however it comes: nothing of the pool is left a second
// later. The program is a helper process; all that descends from it carries its mark.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/helper.h"
#include "support/process.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kWorkers = 4;
/// The program itself, its zygote, the supervisor; each worker with a detached daemon.
constexpr std::size_t kProcesses = 3 + 2 * kWorkers;

/// What an end by exception or by exit() gives as exit code.
constexpr int kEnded = 7;

struct Farewell : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void start_daemon_and_sleep() {
    calls::start_daemon();
    board().sign();
    ::sleep(300);
}

void say(const std::string& line) {
    std::cout << line << std::endl;
}

/// Blocks the loop until the test writes a line.
void wait_for_the_word() {
    std::string line;
    std::getline(std::cin, line);
}

Task<std::vector<TaskHandle<>>> fill_with_sleepers(WorkerPool& pool) {
    const std::uint32_t before = board().signers;
    std::vector<TaskHandle<>> sleepers;
    for (std::size_t count = 0; count < pool.workers(); ++count) {
        sleepers.push_back(pool.create_task<&start_daemon_and_sleep>());
    }
    if (!co_await eventually([&] { return board().signers == before + 2 * pool.workers(); })) {
        throw std::runtime_error("the calls do not start");
    }
    co_return sleepers;
}

void end_by(const std::string& ending) {
    if (ending == "exit") {
        std::exit(kEnded);  // NOLINT(concurrency-mt-unsafe): what is tested
    } else if (ending == "_exit") {
        ::_exit(kEnded);
    } else if (ending == "quick_exit") {
        std::quick_exit(kEnded);
    } else if (ending == "abort") {
        std::abort();
    } else if (ending == "uncaught exception") {
        calls::throw_from_noexcept();
    } else if (ending == "execve") {
        ::execlp("sleep", "sleep", "300", nullptr);
    } else if (ending == "unwinding") {
        throw Farewell("through the frame that owns the pool");
    }
}

/// Has every worker asleep and then ends; "return" leaves the pool to its destructor.
Task<> end_with_a_pool(std::string ending) {
    WorkerPool pool(pool_options(kWorkers));
    co_await pool.start();
    const auto sleepers = co_await fill_with_sleepers(pool);
    say("up");
    wait_for_the_word();
    end_by(ending);
}

/// Keeps workers and loop busy for ever.
Task<> work_for_ever(std::string) {
    WorkerPool pool(pool_options(kWorkers));
    co_await pool.start();
    say("up");
    for (;;) {
        std::vector<TaskHandle<int>> some;
        for (int x = 0; x < 64; ++x) {
            some.push_back(pool.create_task<&calls::square>(x));
        }
        for (auto& call : some) {
            co_await call;
        }
    }
}

/// Forks as careless programs do, with the pool running. Then the pool is as it was.
Task<> fork_with_a_pool(std::string what) {
    WorkerPool pool(pool_options(kWorkers));
    co_await pool.start();
    const auto before = pool.pids();
    const pid_t child = ::fork();
    if (child == 0) {
        if (what == "exits") {
            std::exit(0);  // NOLINT(concurrency-mt-unsafe): what is tested
        } else if (what == "executes") {
            ::execlp("sleep", "sleep", "300", nullptr);
        }
        for (;;) {
            ::pause();
        }
    }
    if (what == "exits") {
        ::waitpid(child, nullptr, 0);
    }
    for (int x = 0; x < 100; ++x) {
        if (co_await pool.create_task<&calls::square>(x) != x * x) {
            throw std::runtime_error("wrong result after a fork");
        }
    }
    if (pool.pids() != before) {
        throw std::runtime_error("a fork of the program cost workers");
    }
    const auto sleepers = co_await fill_with_sleepers(pool);
    say(what == "exits" ? "0" : std::to_string(child));
    wait_for_the_word();
}

int run_program(Task<> (*body)(std::string), const std::string& argument) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    prepare_for_pools();
    try {
        EventLoop loop;
        loop.run_until_complete(body(argument));
        loop.close();
    } catch (const Farewell&) {
        return kEnded;
    } catch (const std::exception& error) {
        say(error.what());
        return 1;
    }
    return 0;
}

bool nothing_is_left_of(const Process& program) {
    return test::wait_until([&] { return program.survivors().empty(); }, 1s);
}

Process start_sleepers(const std::string& ending) {
    Process program = Process::start_helper("program_with_a_pool", {ending});
    REQUIRE(program.read_line() == "up");
    REQUIRE(program.survivors().size() == kProcesses);
    return program;
}

}  // namespace

AIOMISC_TEST_HELPER(program_with_a_pool) {
    return run_program(&end_with_a_pool, arguments[0]);
}

AIOMISC_TEST_HELPER(busy_program) {
    return run_program(&work_for_ever, "");
}

AIOMISC_TEST_HELPER(forking_program) {
    return run_program(&fork_with_a_pool, arguments[0]);
}

/// The pool outlives main(), and goes with the static objects.
AIOMISC_TEST_HELPER(program_with_a_static_pool) {
    prepare_for_pools();
    static EventLoop loop;
    static std::optional<WorkerPool> pool;
    static std::vector<TaskHandle<>> sleepers;
    pool.emplace(loop, pool_options(kWorkers));
    loop.run_until_complete([]() -> Task<> {
        co_await pool->start();
        sleepers = co_await fill_with_sleepers(*pool);
    }());
    say("up");
    wait_for_the_word();
    return kEnded;
}

TEST_CASE("kill -9 of the program: nothing is left, detached daemons included", "[F36][P6]") {
    Process program = start_sleepers("");
    program.send_signal(SIGKILL);
    CHECK(nothing_is_left_of(program));
    CHECK(program.wait() == ExitStatus{.code = -1, .signal = SIGKILL});
}

TEST_CASE("kill -9 of a busy program: nothing is left", "[F36][P6]") {
    for (int round = 0; round < 5; ++round) {
        Process program = Process::start_helper("busy_program");
        REQUIRE(program.read_line() == "up");
        program.send_signal(SIGKILL);
        CHECK(nothing_is_left_of(program));
    }
}

TEST_CASE("kill -9 of a program whose pool is just starting: nothing is left", "[F36][P6]") {
    // Zygote, supervisor, workers: one more of them each time.
    for (std::size_t processes = 1; processes <= 3 + kWorkers; ++processes) {
        Process program = Process::start_helper("busy_program");
        REQUIRE(test::wait_until([&] { return program.survivors().size() >= processes; }, 10s));
        program.send_signal(SIGKILL);
        CHECK(nothing_is_left_of(program));
    }
}

TEST_CASE("the program ends of itself: nothing is left", "[F38][P6]") {
    const std::string ending = GENERATE("exit", "_exit", "quick_exit");
    CAPTURE(ending);
    Process program = start_sleepers(ending);
    program.write("end\n");
    CHECK(program.wait() == ExitStatus{.code = kEnded, .signal = 0});
    CHECK(nothing_is_left_of(program));
}

TEST_CASE("the program aborts: nothing is left", "[F38][P6]") {
    const std::string ending = GENERATE("abort", "uncaught exception");
    CAPTURE(ending);
    Process program = start_sleepers(ending);
    program.write("end\n");
    CHECK(program.wait() == ExitStatus{.code = -1, .signal = SIGABRT});
    CHECK(nothing_is_left_of(program));
}

TEST_CASE("the program becomes another: nothing of the pool is left", "[F38][P6]") {
    Process program = start_sleepers("execve");
    program.write("end\n");
    CHECK(test::wait_until([&] { return program.survivors() == std::vector{program.pid()}; }, 1s));
}

TEST_CASE("a pool that nobody closed goes with its owner", "[F45][P12]") {
    const std::string ending = GENERATE("return", "unwinding");
    CAPTURE(ending);
    Process program = start_sleepers(ending);
    program.write("end\n");
    CHECK(program.wait() == ExitStatus{.code = ending == "return" ? 0 : kEnded, .signal = 0});
    CHECK(nothing_is_left_of(program));
}

TEST_CASE("a pool that outlives main() goes with the static objects", "[F46][P12]") {
    Process program = Process::start_helper("program_with_a_static_pool");
    REQUIRE(program.read_line() == "up");
    program.write("end\n");
    CHECK(program.wait() == ExitStatus{.code = kEnded, .signal = 0});
    CHECK(nothing_is_left_of(program));
}

TEST_CASE("a process that the program forked neither harms nor keeps the pool", "[F40][P6]") {
    const std::string what = GENERATE("exits", "executes", "lives on");
    CAPTURE(what);
    Process program = Process::start_helper("forking_program", {what});
    const auto child = program.read_line();
    REQUIRE(child);
    REQUIRE(program.survivors().size() == kProcesses + (what == "exits" ? 0 : 1));
    program.send_signal(SIGKILL);
    std::vector<pid_t> left;
    if (what != "exits") {
        left.push_back(std::stoi(*child));
    }
    CHECK(test::wait_until([&] { return program.survivors() == left; }, 1s));
}
