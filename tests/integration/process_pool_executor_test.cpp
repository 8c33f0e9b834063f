// SPDX-License-Identifier: MIT

// ProcessPoolExecutor: a pool whose workers share one fate.

#include <aiomisc/worker/pool/process_pool_executor.h>

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/task/gather_settled.h>
#include <aiomisc/runtime/thread/default_executor.h>

#include <csignal>
#include <map>
#include <stdexcept>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// What the initializer left in this worker.
int prepared_with = 0;

void prepare(int value) {
    prepared_with = value;
    board().sign();
}

int prepared_value() {
    return prepared_with;
}

pid_t preparer_of_this_process() {
    for (const pid_t pid : board().signed_pids()) {
        if (pid == ::getpid()) {
            return pid;
        }
    }
    return 0;
}

pid_t parent_of_this_process() {
    return ::getppid();
}

void refuse() {
    throw std::runtime_error("no such model");
}

void throw_invalid_argument() {
    throw std::invalid_argument("not like this");
}

ProcessPoolExecutorOptions executor_options(std::size_t workers = 4) {
    ProcessPoolExecutorOptions options;
    options.max_workers = workers;
    options.limits.core = 0;
    return options;
}

/// The metrics of the executor with that name.
std::map<std::string, double> metrics_of(std::string_view name) {
    std::map<std::string, double> metrics;
    for (const StatisticValue& value : get_statistics<ProcessPoolStatistic>()) {
        if (value.name == name) {
            metrics.emplace(value.metric, value.value);
        }
    }
    return metrics;
}

template <typename Error>
std::string thrown_by_submit(ProcessPoolExecutor& executor) {
    try {
        static_cast<void>(executor.submit<&calls::square>(1));
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

POOL_TEST_CASE(
    "an executor runs calls in other processes, as many at once as it has workers",
    "[PP-01][test_simple]") {
    ProcessPoolExecutor executor(executor_options());
    std::vector<TaskHandle<std::size_t>> waiting;
    for (int call = 0; call < 4; ++call) {
        waiting.push_back(executor.submit<&calls::sign_and_wait>(std::size_t{0}));
    }
    CHECK_AWAIT(eventually([] { return board().signers == 4; }), awaited);
    board().gates[0] = 1;
    for (auto& call : waiting) {
        CHECK_AWAIT(call, awaited == 0U);
    }
    const auto pids = executor.pids();
    CHECK_AWAIT(executor.submit<&calls::process_id>(), std::ranges::count(pids, awaited) == 1);
    co_await executor.shutdown();
    CHECK_AWAIT(all_gone(pids), awaited);
}

POOL_TEST_CASE("an executor has a worker for each processor, and four at least", "[PP-01]") {
    ProcessPoolExecutor executor;
    CHECK(executor.max_workers() >= 4);
    co_await executor.start();
    CHECK(executor.pids().size() == executor.max_workers());
    co_await executor.shutdown();
}

POOL_TEST_CASE(
    "an executor takes callables, and can be called as executors of threads are", "[PP-01]") {
    ProcessPoolExecutor executor(executor_options(1));
    CHECK_AWAIT(executor.submit([](int x) { return x + 1; }, 4), awaited == 5);
    CHECK_AWAIT(run_in_executor<&calls::square>(executor, 6), awaited == 36);
    CHECK_AWAIT(run_in_executor(executor, [](int x) { return -x; }, 6), awaited == -6);
    co_await executor.shutdown();
}

POOL_TEST_CASE(
    "what a function throws in an executor arrives in the parent", "[PP-01][test_exception]") {
    ProcessPoolExecutor executor(executor_options(1));
    const auto error =
        co_await error_of<std::invalid_argument>(executor.submit<&throw_invalid_argument>());
    CHECK(std::string(error.what()) == "not like this");
    // That broke nothing.
    CHECK_AWAIT(executor.submit<&calls::square>(3), awaited == 9);
    co_await executor.shutdown();
}

POOL_TEST_CASE(
    "calls of an executor whose workers are interrupted all finish", "[PP-01][test_exit]") {
    ProcessPoolExecutor executor(executor_options());
    std::vector<TaskHandle<>> calls;
    for (int call = 0; call < 8; ++call) {
        calls.push_back(executor.submit<&calls::sleep_for_ever>());
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 4; }), awaited);
    for (const pid_t pid : executor.pids()) {
        ::kill(pid, SIGINT);
    }
    for (auto& call : calls) {
        co_await error_of<BrokenProcessPool>(std::move(call));
    }
    co_await executor.shutdown();
}

POOL_TEST_CASE(
    "a worker that dies breaks the executor for all calls, and says how it died", "[PP-01]") {
    ProcessPoolExecutor executor(executor_options(2));
    auto running = executor.submit<&calls::sleep_for_ever>();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    auto dying = executor.submit<&calls::kill_itself>(SIGKILL);
    auto waiting = executor.submit<&calls::mark>(1U);
    const auto pids = executor.pids();
    const auto death = co_await error_of<BrokenProcessPool>(std::move(dying));
    CHECK_THAT(std::string(death.what()), contains("SIGKILL"));
    co_await error_of<BrokenProcessPool>(std::move(running));
    co_await error_of<BrokenProcessPool>(std::move(waiting));
    CHECK(board().marks[1] == 0);
    CHECK_THAT(thrown_by_submit<BrokenProcessPool>(executor), contains("SIGKILL"));
    // Nobody is replaced, and nobody stays.
    CHECK_AWAIT(all_gone(pids, 2s), awaited);
    CHECK_AWAIT(eventually([&] { return executor.pids().empty(); }), awaited);
    co_await executor.shutdown();
    CHECK_FALSE(thrown_by_submit<PoolClosed>(executor).empty());
}

POOL_TEST_CASE("an idle worker that dies, or exits with 0, breaks the executor too", "[PP-02]") {
    ProcessPoolExecutor idle(executor_options(2));
    co_await idle.start();
    ::kill(idle.pids().front(), SIGTERM);
    CHECK_AWAIT(
        eventually([&] { return !thrown_by_submit<BrokenProcessPool>(idle).empty(); }), awaited);
    co_await idle.shutdown();

    ProcessPoolExecutor leaving(executor_options(2));
    const auto error = co_await error_of<BrokenProcessPool>(leaving.submit<&calls::call_exit>(0));
    CHECK_THAT(std::string(error.what()), contains("status 0"));
    co_await leaving.shutdown();
}

POOL_TEST_CASE("an executor whose supervisor is killed is broken, and leaves nobody", "[PP-02]") {
    WorkerPool neighbour(pool_options(1));
    co_await neighbour.start();
    ProcessPoolExecutor executor(executor_options(2));
    const pid_t supervisor = co_await executor.submit<&parent_of_this_process>();
    auto running = executor.submit<&calls::sleep_for_ever>();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const auto pids = executor.pids();
    REQUIRE(supervisor > 1);
    ::kill(supervisor, SIGKILL);
    co_await error_of<BrokenProcessPool>(std::move(running));
    CHECK_FALSE(thrown_by_submit<BrokenProcessPool>(executor).empty());
    CHECK_AWAIT(all_gone(pids), awaited);
    co_await executor.shutdown();
    CHECK_AWAIT(neighbour.create_task<&calls::square>(3), awaited == 9);
    co_await neighbour.close();
}

POOL_TEST_CASE("the initializer runs in each worker of an executor", "[PP-02]") {
    auto options = executor_options(3);
    options.initializer = initialize_with<&prepare>(7);
    ProcessPoolExecutor executor(std::move(options));
    for (int call = 0; call < 30; ++call) {
        CHECK_AWAIT(executor.submit<&prepared_value>(), awaited == 7);
        CHECK_AWAIT(executor.submit<&preparer_of_this_process>(), awaited > 0);
    }
    CHECK_AWAIT(eventually([] { return board().signers == 3; }), awaited);
    auto pids = board().signed_pids();
    auto workers = executor.pids();
    std::ranges::sort(pids);
    std::ranges::sort(workers);
    CHECK(pids == workers);
    co_await executor.shutdown();
}

POOL_TEST_CASE("an initializer that throws breaks the executor with its error", "[PP-02]") {
    auto options = executor_options(2);
    options.initializer = initialize_with<&refuse>();
    const StderrCapture capture;
    ProcessPoolExecutor executor(std::move(options));
    const auto error = co_await error_of<BrokenProcessPool>(executor.submit<&calls::square>(3));
    CHECK_THAT(std::string(error.what()), contains("no such model"));
    co_await executor.shutdown();
}

POOL_TEST_CASE("a worker that has made its calls is replaced, which breaks nothing", "[PP-01]") {
    auto options = executor_options(1);
    options.max_tasks_per_child = 2;
    options.initializer = initialize_with<&prepare>(1);
    ProcessPoolExecutor executor(std::move(options));
    std::map<pid_t, int> calls_of;
    for (int call = 0; call < 10; ++call) {
        ++calls_of[co_await executor.submit<&calls::process_id>()];
    }
    CHECK(calls_of.size() == 5);
    CHECK_AWAIT(executor.submit<&preparer_of_this_process>(), awaited > 0);
    co_await executor.shutdown();
}

POOL_TEST_CASE("a running call of an executor that is cancelled goes on, for nobody", "[PP-02]") {
    ProcessPoolExecutor executor(executor_options(1));
    auto running = executor.submit<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const pid_t worker = executor.pids().front();
    auto queued = executor.submit<&calls::mark>(1U);
    auto next = executor.submit<&calls::process_id>();
    running.cancel();
    queued.cancel();
    CHECK_AWAIT(settle(std::move(running)), !awaited.has_value());
    CHECK_AWAIT(settle(std::move(queued)), !awaited.has_value());
    co_await sleep(50ms);
    CHECK_FALSE(next.done());  // the worker is at the cancelled call still
    board().gates[0] = 1;
    CHECK_AWAIT(next, awaited == worker);
    CHECK(board().marks[1] == 0);
    co_await executor.shutdown();
}

POOL_TEST_CASE(
    "shutdown lets every call finish, also those submitted before the start", "[PP-01]") {
    ProcessPoolExecutor executor(executor_options(2));
    std::vector<TaskHandle<std::uint32_t>> calls;
    for (std::uint32_t number = 0; number < 50; ++number) {
        calls.push_back(executor.submit<&calls::mark>(number));
    }
    CHECK(executor.pids().empty());  // the processes are being forked
    co_await executor.shutdown();
    for (std::uint32_t number = 0; number < 50; ++number) {
        CHECK_AWAIT(calls[number], awaited == number);
    }
    CHECK_FALSE(thrown_by_submit<PoolClosed>(executor).empty());
    co_await executor.shutdown();
}

POOL_TEST_CASE("shutdown without waiting returns at once, and calls go on", "[PP-01]") {
    ProcessPoolExecutor executor(executor_options(1));
    auto running = executor.submit<&calls::sign_and_wait>(std::size_t{0});
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const auto pids = executor.pids();
    co_await executor.shutdown(false);
    CHECK_FALSE(thrown_by_submit<PoolClosed>(executor).empty());
    CHECK_FALSE(running.done());
    board().gates[0] = 1;
    CHECK_AWAIT(running, awaited == 0U);
    CHECK_AWAIT(all_gone(pids, 2s), awaited);
}

POOL_TEST_CASE(
    "close fails the calls of an executor, and destruction ends its processes", "[PP-01]") {
    std::vector<pid_t> pids;
    {
        ProcessPoolExecutor executor(executor_options(1));
        auto running = executor.submit<&calls::sleep_for_ever>();
        auto waiting = executor.submit<&calls::square>(1);
        REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
        co_await executor.close();
        co_await error_of<PoolClosed>(std::move(running));
        co_await error_of<PoolClosed>(std::move(waiting));
        ProcessPoolExecutor dropped(executor_options(2));
        co_await dropped.start();
        co_await dropped.start();  // as often as one likes
        pids = dropped.pids();
        ProcessPoolExecutor unused(executor_options(2));
        ProcessPoolExecutor closed(executor_options(2));
        co_await closed.shutdown();
        CHECK_FALSE(thrown_by_submit<PoolClosed>(closed).empty());
    }
    CHECK(pids.size() == 2);
    CHECK_AWAIT(all_gone(pids), awaited);
}

POOL_TEST_CASE("an executor keeps statistics under the names of aiomisc", "[ST-04][ST-05][PP-01]") {
    auto options = executor_options(2);
    options.statistic_name = "images";
    auto executor = std::make_unique<ProcessPoolExecutor>(std::move(options));
    CHECK(metrics_of("images").at("processes") == 0);
    for (int x = 0; x < 5; ++x) {
        co_await executor->submit<&calls::square>(x);
    }
    co_await settle(executor->submit<&throw_invalid_argument>());
    auto metrics = metrics_of("images");
    CHECK(metrics.size() == 6);
    CHECK(metrics.at("processes") == 2);
    CHECK(metrics.at("submitted") == 6);
    CHECK(metrics.at("done") == 6);
    CHECK(metrics.at("success") == 5);
    CHECK(metrics.at("error") == 1);
    CHECK(metrics.at("sum_time") > 0);
    co_await settle(executor->submit<&calls::call_exit>(0));
    metrics = metrics_of("images");
    CHECK(metrics.at("error") == 2);
    co_await executor->shutdown();
    CHECK(metrics_of("images").at("processes") == 0);
    executor.reset();
    CHECK(metrics_of("images").empty());
}

POOL_TEST_CASE("a worker pool keeps statistics under the names of aiomisc", "[ST-04][ST-05]") {
    auto options = pool_options(2);
    options.statistic_name = "photos";
    WorkerPool pool(std::move(options));
    const auto metrics_now = [] {
        std::map<std::string, double> metrics;
        for (const StatisticValue& value : get_statistics<WorkerPoolStatistic>()) {
            if (value.name == "photos") {
                metrics.emplace(value.metric, value.value);
            }
        }
        return metrics;
    };
    co_await pool.start();
    std::vector<TaskHandle<std::size_t>> waiting;
    for (int call = 0; call < 3; ++call) {
        waiting.push_back(pool.create_task<&calls::sign_and_wait>(std::size_t{0}));
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    auto metrics = metrics_now();
    CHECK(metrics.size() == 10);
    CHECK(metrics.at("processes") == 2);
    CHECK(metrics.at("spawning") == 0);
    CHECK(metrics.at("queue_size") == 1);
    CHECK(metrics.at("submitted") == 3);
    CHECK(metrics.at("done") == 0);
    board().gates[0] = 1;
    for (auto& call : waiting) {
        co_await call;
    }
    co_await settle(pool.create_task<&throw_invalid_argument>());
    co_await settle(pool.create_task<&calls::kill_itself>(SIGKILL));
    metrics = metrics_now();
    CHECK(metrics.at("queue_size") == 0);
    CHECK(metrics.at("submitted") == 5);
    CHECK(metrics.at("task_added") == 5);
    CHECK(metrics.at("done") == 5);
    CHECK(metrics.at("success") == 3);
    CHECK(metrics.at("error") == 2);
    CHECK(metrics.at("bad_auth") == 0);
    CHECK(metrics.at("sum_time") > 0);
    co_await pool.close();
    CHECK(metrics_now().at("processes") == 0);
}
