// SPDX-License-Identifier: MIT

// RespawningProcessService: when the next process starts, and when none does any more; and whole
// programs with process services, which end in the middle.

#include "integration/pool_calls.h"
#include "integration/service_harness.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/stderr_capture.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/worker/service/process_service_with.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <set>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

using DoingService = Doing<RespawningProcessService>;

RespawningProcessServiceOptions respawning_options(std::chrono::milliseconds apart = 1ms) {
    RespawningProcessServiceOptions options;
    options.name = "worker";
    options.limits.core = 0;
    options.process_poll_timeout = apart;
    options.restart_limit = 1000;
    return options;
}

void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

/// Counts the processes that hold the lock at once, and sleeps.
class Exclusive final : public RespawningProcessService {
public:
    explicit Exclusive(std::string path)
        : RespawningProcessService(respawning_options()), path_(std::move(path)) {}

    void in_process() override {
        const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
            ++board().counters[0];  // there is another one
        }
        board().sign();
        sleep_for_ever();
    }

private:
    std::string path_;
};

/// What the log says about how long the next starts are waited for, in seconds.
std::vector<double> delays_in(const std::string& log) {
    constexpr std::string_view kBefore = "another starts in ";
    std::vector<double> delays;
    for (std::size_t at = log.find(kBefore); at != std::string::npos; at = log.find(kBefore, at)) {
        at += kBefore.size();
        delays.push_back(std::stod(log.substr(at)));
    }
    return delays;
}

struct Nothing {
    int unused = 0;
};

class Late final : public RespawningProcessServiceWith<Late, Nothing> {
public:
    explicit Late(
        Nothing settings = {}, RespawningProcessServiceOptions options = respawning_options())
        : RespawningProcessServiceWith<Late, Nothing>(settings, std::move(options)) {}

    void in_process() override { board().sign(); }
};

}  // namespace

POOL_TEST_CASE(
    "a process that ends is started again, also after a plain return",
    "[PR-03][test_respawning_process_service]") {
    const StderrCapture capture;
    DoingService service([] {}, respawning_options());
    RunningService running(service);
    REQUIRE_AWAIT(eventually([] { return board().signers >= 3; }), awaited);
    const auto pids = board().signed_pids();
    CHECK(std::set(pids.begin(), pids.end()).size() == pids.size());
    co_await running.stop();
    const std::uint32_t started = board().signers;
    // The last one may have been interrupted before it had started.
    CHECK(service_metric("worker", "exited") >= service_metric("worker", "started"));
    CHECK(service_metric("worker", "running") == 0);
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    co_await sleep(50ms);
    CHECK(board().signers == started);  // the stop was the end
    CHECK_THAT(capture.text(), contains("exited with status 0; another starts in"));
}

POOL_TEST_CASE(
    "a killed process is replaced when the death is noticed, without polling", "[PR-03][F89]") {
    const StderrCapture capture;
    // Were the end looked for, it would be at this interval; it counts from the start alone.
    DoingService service(&sleep_for_ever, respawning_options(200ms));
    RunningService running(service);
    co_await running.ready();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    co_await sleep(250ms);
    ::kill(board().pids[0], SIGKILL);
    REQUIRE_AWAIT(eventually([] { return board().signers == 2; }), awaited);
    CHECK_THAT(capture.text(), contains("killed by SIGKILL; another starts in 0.000 s"));
    CHECK(service.pid() == board().pids[1]);
    CHECK(service_metric("worker", "running") == 1);
    CHECK(service_metric("worker", "failed") == 1);
    co_await running.stop();
}

POOL_TEST_CASE("processes are started no closer than process_poll_timeout", "[PR-03]") {
    const StderrCapture capture;
    DoingService service([] {}, respawning_options(1h));
    RunningService running(service);
    co_await running.ready();
    REQUIRE_AWAIT(eventually([&] { return service.pid() == 0; }), awaited);
    REQUIRE_AWAIT(
        eventually([&] { return capture.text().find("another starts") != std::string::npos; }),
        awaited);
    co_await running.stop();  // in the middle of the wait
    CHECK(board().signers == 1);
}

POOL_TEST_CASE("there are never two processes of a service, whoever is killed", "[PR-03][F89]") {
    const StderrCapture capture;
    const TempDir folder;
    Exclusive service((folder / "lock").string());
    RunningService running(service);
    for (std::uint32_t round = 0; round < 9; ++round) {  // so many are replaced at once
        REQUIRE_AWAIT(eventually([&] { return board().signers == round + 1; }), awaited);
        const pid_t process = board().pids[round];
        ::kill(round % 2 == 0 ? process : parent_of(process), SIGKILL);
    }
    REQUIRE_AWAIT(eventually([] { return board().signers == 10; }), awaited);
    CHECK(board().counters[0] == 0);
    co_await running.stop();
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
}

POOL_TEST_CASE(
    "a process that ends again and again costs its budget, then the service fails",
    "[PR-03][F89][P5]") {
    const StderrCapture capture;
    auto options = respawning_options();
    options.restart_limit = 4;
    DoingService service([] { ::_exit(3); }, options);
    RunningService running(service);
    const std::string error = co_await running.end();
    CHECK_THAT(error, contains("worker: its process ends again and again"));
    CHECK_THAT(error, contains("exited with status 3"));
    CHECK(board().signers == 5);
    CHECK(service_metric("worker", "failed") == 5);
    CHECK(service_metric("worker", "running") == 0);
}

POOL_TEST_CASE(
    "ends that follow one another closely make the next start wait longer", "[PR-03][F89][P5]") {
    const StderrCapture capture;
    DoingService service([] {}, respawning_options());
    RunningService running(service);
    // Ten are replaced at once; see RestartPolicy, whose times have tests of their own.
    REQUIRE_AWAIT(eventually([] { return board().signers >= 12; }), awaited);
    const auto delays = delays_in(capture.text());
    REQUIRE(delays.size() >= 11);
    CHECK(*std::max_element(delays.begin(), delays.begin() + 10) < 0.05);
    CHECK(delays[10] >= 0.08);
    co_await running.stop();
}

POOL_TEST_CASE("a first process that cannot start fails the start of the service", "[PR-03]") {
    const StderrCapture capture;

    class Failing final : public RespawningProcessServiceWith<Failing, Nothing> {
    public:
        explicit Failing(Nothing settings = {}, RespawningProcessServiceOptions options = {})
            : RespawningProcessServiceWith<Failing, Nothing>(settings, std::move(options)) {
            if (board().counters[0] > 0) {
                ::_exit(9);
            }
        }

        void in_process() override {}
    };

    Failing service;
    board().counters[0] = 1;
    RunningService running(service);
    CHECK_AWAIT_THAT(running.end(), awaited, contains("did not start: process"));
}

POOL_TEST_CASE("a respawning service may come late, with its settings", "[PR-03][PR-01]") {
    const StderrCapture capture;
    Late service;
    RunningService running(service);
    REQUIRE_AWAIT(eventually([] { return board().signers >= 3; }), awaited);
    co_await running.stop();
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
}

namespace {

/// Starts two services, one of which respawns, and a daemon in each; prints when all of it runs.
int run_program(std::chrono::milliseconds stop_timeout, OnServiceFailure on_failure) {
    board();  // before the fork, to be shared
    const auto stubborn = [] {
        ::signal(SIGINT, SIG_IGN);
        calls::start_daemon();
        sleep_for_ever();
    };
    ProcessServiceOptions options;
    options.name = "stubborn";
    options.process_stop_timeout = stop_timeout;
    options.limits.core = 0;
    RespawningProcessServiceOptions respawning;
    respawning.name = "respawning";
    respawning.process_stop_timeout = stop_timeout;
    respawning.limits.core = 0;
    Entrypoint entrypoint(
        {.log_level = "warning", .log_format = "plain", .on_service_failure = on_failure},
        std::make_shared<Doing<ProcessService>>(stubborn, options),
        std::make_shared<DoingService>(stubborn, respawning));
    const auto main = []() -> Task<> {
        co_await eventually([] { return board().signers == 4; });
        std::cout << "running " << board().pids[0] << std::endl;
        for (;;) {
            co_await sleep(1h);
        }
    };
    try {
        entrypoint.run_until_complete(main());
    } catch (const CancelledError&) {
        return 0;
    }
    return 1;
}

}  // namespace

AIOMISC_TEST_HELPER(program_with_process_services) {
    return run_program(100ms, OnServiceFailure::kLog);
}

TEST_CASE("kill -9 of the program: its services, and their daemons, are gone", "[PR-01][F89][P6]") {
    Process program = Process::start_helper("program_with_process_services");
    REQUIRE(program.read_line());
    program.send_signal(SIGKILL);
    program.wait();
    CHECK(test::wait_until([&] { return program.survivors().empty(); }, 1s));
}

TEST_CASE("SIGTERM to the program: stubborn processes are killed in time", "[PR-02][F89]") {
    Process program =
        Process::start_helper("program_with_process_services", {}, {.merge_stderr = true});
    REQUIRE(program.read_line());
    program.send_signal(SIGTERM);
    const std::string log = program.read_all();
    CHECK(program.wait() == ExitStatus{0, 0});
    CHECK_THAT(log, contains("stubborn: process"));
    CHECK_THAT(log, contains("respawning: process"));
    CHECK_THAT(log, contains("did not end within 100 ms after SIGINT, it is killed"));
    CHECK(test::wait_until([&] { return program.survivors().empty(); }, 1s));
}

AIOMISC_TEST_HELPER(program_shut_down_by_a_service) {
    return run_program(100ms, OnServiceFailure::kShutdown);
}

TEST_CASE("a process that crashes shuts the program down, where that is wanted", "[PR-01][EP-21]") {
    Process program =
        Process::start_helper("program_shut_down_by_a_service", {}, {.merge_stderr = true});
    const auto line = program.read_line();
    REQUIRE(line);
    // The respawning one is replaced, the other is not.
    REQUIRE_THAT(*line, starts_with("running "));
    for (const pid_t pid : program.survivors()) {
        if (process_name(pid) == "stubborn") {
            ::kill(pid, SIGKILL);
        }
    }
    const std::string log = program.read_all();
    program.wait();
    CHECK_THAT(log, contains("killed by SIGKILL"));
    CHECK(test::wait_until([&] { return program.survivors().empty(); }, 1s));
}

TEST_CASE(
    "a process may run an entrypoint of its own, with services, processes and workers", "[PR-02]") {
    Process program = Process::start({AIOMISC_TEST_SERVICE_PROGRAM});
    REQUIRE(program.read_line() == "inside: the process below has started");
    CHECK(program.read_line() == "inside: 36");
    program.send_signal(SIGTERM);
    CHECK(program.read_all() == "inside: stopped\ninside: ended\n");
    CHECK(program.wait() == ExitStatus{0, 0});
    CHECK(test::wait_until([&] { return program.survivors().empty(); }, 1s));
}
