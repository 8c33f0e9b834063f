// SPDX-License-Identifier: MIT

// ProcessService: what its process sees, how it ends, and what becomes of what it started.

#include "integration/pool_calls.h"
#include "integration/service_harness.h"
#include "support/stderr_capture.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/worker/service/process_service_with.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

static_assert(std::is_abstract_v<ProcessService>, "[test_abstractmethod_exception]");
static_assert(std::is_abstract_v<RespawningProcessService>);

using DoingService = Doing<ProcessService>;

ProcessServiceOptions service_options(std::string name = "worker") {
    ProcessServiceOptions options;
    options.name = std::move(name);
    options.limits.core = 0;
    return options;
}

void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

void ignore_sigint_for_ever() {
    ::signal(SIGINT, SIG_IGN);
    ++board().counters[0];
    sleep_for_ever();
}

/// A service with state of its own.
class Writer final : public ProcessService {
public:
    explicit Writer(std::string path) : ProcessService(service_options()), path_(std::move(path)) {}

    void in_process() override {
        board().counters[0] = ::getpid();
        board().counters[1] = ::getppid();
        std::ofstream(path_) << text;
    }

    std::string text = "as constructed";

private:
    std::string path_;
};

struct SumSettings {
    std::vector<int> numbers;
    int failure = 0;
};

/// Puts the sum of its settings on the board. Its construction in the process may fail.
class Summing final : public ProcessServiceWith<Summing, SumSettings> {
public:
    explicit Summing(SumSettings settings = {}, ProcessServiceOptions options = service_options())
        : ProcessServiceWith(std::move(settings), std::move(options)) {
        if (::getpid() == test_process) {
            return;
        }
        switch (this->settings().failure) {
            case 1:
                throw std::runtime_error("cannot be made");
            case 2:
                ::_exit(5);
            case 3:
                ::kill(::getpid(), SIGKILL);
                break;
            default:
                break;
        }
    }

    void in_process() override {
        std::int64_t sum = 0;
        for (const int number : settings().numbers) {
            sum += number;
        }
        board().counters[0] = sum;
        board().sign();
        sleep_for_ever();
    }

private:
    static inline const pid_t test_process = ::getpid();
};

}  // namespace

POOL_TEST_CASE(
    "a process service runs in another process, and its work is done there",
    "[PR-01][test_process_service]") {
    const TempDir folder;
    Writer service((folder / "text").string());
    service.text = "as prepared";
    RunningService running(service);
    service.text = "too late";
    co_await running.ready();
    CHECK_AWAIT(running.end(), awaited.empty());  // it returned, which is no error
    CHECK(folder.read("text") == "as prepared");
    CHECK(board().counters[0] > 0);
    CHECK(board().counters[0] != ::getpid());
    CHECK(board().counters[1] != ::getpid());
    CHECK(service.pid() == 0);
    CHECK(service_metric("worker", "started") == 1);
    CHECK(service_metric("worker", "exited") == 1);
    CHECK(service_metric("worker", "failed") == 0);
    CHECK(service_metric("worker", "running") == 0);
    co_await running.stop();
    CHECK(service_metric("worker", "exited") == 1);
}

POOL_TEST_CASE("start waits until in_process is about to run", "[PR-01]") {
    DoingService service(&sleep_for_ever, service_options());
    RunningService running(service);
    CHECK_FALSE(service.start_event().is_set());
    co_await running.ready();
    CHECK(service.start_event().is_set());
    CHECK_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    CHECK(board().pids[0] == service.pid());
    CHECK(service_metric("worker", "running") == 1);
    co_await running.stop();
    CHECK(is_gone(board().pids[0]));
}

POOL_TEST_CASE(
    "what in_process throws is the error of the service, and in its log", "[PR-01][F89]") {
    const StderrCapture capture;
    DoingService service([] { throw std::runtime_error("no more disks"); }, service_options());
    RunningService running(service);
    const std::string error = co_await running.end();
    CHECK_THAT(error, contains("worker: process"));
    CHECK_THAT(error, contains("exited with status 1: std::runtime_error: no more disks"));
    CHECK_AWAIT(
        eventually([&] { return capture.text().find("no more disks") != std::string::npos; }),
        awaited);
    CHECK(service_metric("worker", "failed") == 1);
}

POOL_TEST_CASE("in_process that crashes, or exits, is the error of the service", "[PR-01][F89]") {
    const StderrCapture capture;
    DoingService crashing(&calls::segfault, service_options("crashing"));
    RunningService first(crashing);
    CHECK_AWAIT_THAT(first.end(), awaited, contains("crashing: process"));
    CHECK(service_metric("crashing", "failed") == 1);
    DoingService aborting(&calls::call_abort, service_options("aborting"));
    RunningService second(aborting);
    CHECK_AWAIT_THAT(second.end(), awaited, contains("killed by SIGABRT"));
    DoingService exiting([] { std::exit(7); }, service_options("exiting"));
    RunningService third(exiting);
    CHECK_AWAIT_THAT(third.end(), awaited, contains("exited with status 7"));
}

POOL_TEST_CASE("stop interrupts the process, which may end in its own way", "[PR-02]") {
    DoingService plain(&sleep_for_ever, service_options("plain"));
    DoingService handling(
        [] {
            sigset_t interrupt;
            ::sigemptyset(&interrupt);
            ::sigaddset(&interrupt, SIGINT);
            ::sigprocmask(SIG_BLOCK, &interrupt, nullptr);
            ++board().counters[0];
            int received = 0;
            ::sigwait(&interrupt, &received);
            board().counters[1] = received;
        },
        service_options("handling"));
    RunningService first(plain);
    RunningService second(handling);
    co_await first.ready();
    REQUIRE_AWAIT(eventually([] { return board().counters[0] == 1; }), awaited);
    co_await first.stop();
    co_await second.stop();
    CHECK(board().counters[1] == SIGINT);
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    for (const char* name : {"plain", "handling"}) {
        CHECK(service_metric(name, "exited") == 1);
        CHECK(service_metric(name, "failed") == 0);
        CHECK(service_metric(name, "killed") == 0);
    }
}

POOL_TEST_CASE(
    "a process that ignores SIGINT is killed after process_stop_timeout", "[PR-02][F89]") {
    auto options = service_options();
    options.process_stop_timeout = 50ms;
    const StderrCapture capture;
    DoingService service(&ignore_sigint_for_ever, options);
    RunningService running(service);
    REQUIRE_AWAIT(eventually([] { return board().counters[0] == 1; }), awaited);
    co_await running.stop();
    CHECK(is_gone(board().pids[0]));
    CHECK(service_metric("worker", "killed") == 1);
    CHECK(service_metric("worker", "running") == 0);
    CHECK_THAT(capture.text(), contains("did not end within 50 ms after SIGINT"));
}

POOL_TEST_CASE("a process that is stopped by a signal is killed too", "[PR-02][F89]") {
    auto options = service_options();
    options.process_stop_timeout = 50ms;
    const StderrCapture capture;
    DoingService service(&sleep_for_ever, options);
    RunningService running(service);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    ::kill(board().pids[0], SIGSTOP);
    co_await running.stop();
    CHECK(is_gone(board().pids[0]));
}

POOL_TEST_CASE("a daemon that the process started dies with it", "[PR-02][F89]") {
    DoingService leaving(&calls::start_daemon, service_options("leaving"));
    RunningService first(leaving);
    CHECK_AWAIT(first.end(), awaited.empty());
    CHECK(board().signers == 2);
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);

    auto options = service_options("staying");
    options.process_stop_timeout = 50ms;
    const StderrCapture capture;
    DoingService staying(
        [] {
            calls::start_daemon();
            ignore_sigint_for_ever();
        },
        options);
    RunningService second(staying);
    REQUIRE_AWAIT(eventually([] { return board().counters[0] == 1; }), awaited);
    CHECK(board().signers == 4);
    co_await second.stop();
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
}

POOL_TEST_CASE(
    "a process that dies before in_process runs fails the start, and says how", "[PR-01]") {
    const StderrCapture capture;
    const std::array texts{"std::runtime_error: cannot be made", "exited with status 5", "SIGKILL"};
    for (int failure = 1; failure <= 3; ++failure) {
        Summing service({.numbers = {}, .failure = failure});
        RunningService running(service);
        const std::string error = co_await running.end();
        CHECK_THAT(error, contains("did not start"));
        CHECK_THAT(error, contains(texts[static_cast<std::size_t>(failure) - 1]));
        CHECK_FALSE(service.start_event().is_set());
        CHECK(service_metric("worker", "started") == 0);
        co_await running.stop();
    }
}

POOL_TEST_CASE("a service is stopped once, twice, before its time, and started again", "[PR-02]") {
    DoingService service(&sleep_for_ever, service_options());
    co_await service.stop(nullptr);
    RunningService running(service);
    co_await running.stop();  // perhaps before it is forked
    co_await running.stop();
    for (std::uint32_t round = 1; round <= 3; ++round) {
        board().signers = 0;
        running.start();
        co_await running.ready();
        REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
        CHECK(service_metric("worker", "running") == 1);
        co_await error_of<InvalidStateError>(service.start());
        co_await running.stop();
        CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    }
}

POOL_TEST_CASE(
    "a start that is cancelled, and a service that is dropped, leave no process", "[PR-01][F89]") {
    {
        DoingService service(&ignore_sigint_for_ever, service_options());
        RunningService running(service);
        REQUIRE_AWAIT(eventually([] { return board().counters[0] == 1; }), awaited);
    }
    {
        auto options = service_options();
        options.process_stop_timeout = 300'000ms;
        DoingService service(&ignore_sigint_for_ever, options);
        RunningService running(service);
        REQUIRE_AWAIT(eventually([] { return board().counters[0] == 2; }), awaited);
        auto stopping = create_task(service.stop(nullptr));
        co_await turns(5);
        CHECK_FALSE(stopping.done());
        stopping.cancel();
        CHECK_AWAIT(settle(std::move(stopping)), !awaited.has_value());
        CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    }
    CHECK(board().signers == 2);
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
}

POOL_TEST_CASE("a supervisor that is killed, or stopped, takes the process along", "[F89][F31]") {
    const StderrCapture capture;
    DoingService killed(&ignore_sigint_for_ever, service_options("killed"));
    RunningService first(killed);
    REQUIRE_AWAIT(eventually([] { return board().counters[0] == 1; }), awaited);
    ::kill(parent_of(board().pids[0]), SIGKILL);
    CHECK_AWAIT_THAT(first.end(), awaited, contains("its supervisor killed by SIGKILL"));
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);

    auto options = service_options("stopped");
    options.process_stop_timeout = 50ms;
    DoingService stopped(&ignore_sigint_for_ever, options);
    RunningService second(stopped);
    REQUIRE_AWAIT(eventually([] { return board().counters[0] == 2; }), awaited);
    const pid_t supervisor = parent_of(board().pids[1]);
    ::kill(supervisor, SIGSTOP);
    co_await second.stop();
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);
    CHECK_AWAIT(all_gone({supervisor}), awaited);
}

POOL_TEST_CASE("a stopped supervisor does not hide the end of the process", "[F89][F34]") {
    const StderrCapture capture;
    DoingService service(&sleep_for_ever, service_options());
    RunningService running(service);
    co_await running.ready();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const pid_t supervisor = parent_of(board().pids[0]);
    REQUIRE(supervisor > 1);
    ::kill(supervisor, SIGSTOP);
    ::kill(board().pids[0], SIGKILL);
    CHECK_AWAIT_THAT(running.end(), awaited, contains("its supervisor killed by SIGKILL"));
    CHECK(service_metric("worker", "running") == 0);
    CHECK_AWAIT(all_gone({board().pids[0], supervisor}), awaited);
}

POOL_TEST_CASE(
    "a service whose snapshot was killed says so instead of forking from threads", "[F89][P15]") {
    DoingService service(&sleep_for_ever, service_options());
    RunningService running(service);
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    const pid_t snapshot = parent_of(parent_of(board().pids[0]));
    REQUIRE(snapshot > 1);
    co_await running.stop();
    ::kill(snapshot, SIGKILL);
    REQUIRE_AWAIT(all_gone({snapshot}), awaited);
    running.start();
    CHECK_AWAIT_THAT(running.end(), awaited, contains("has died"));
}

POOL_TEST_CASE(
    "a service that comes late, to a program with threads, gets its settings sent",
    "[PR-01][P15]") {
    std::promise<void> end;
    std::thread other([&end] { end.get_future().wait(); });
    Summing late({.numbers = {1, 2, 39}});
    RunningService running(late);
    co_await running.ready();
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    CHECK(board().counters[0] == 42);
    co_await running.stop();
    CHECK_AWAIT(all_gone(board().signed_pids()), awaited);

    DoingService refused(&sleep_for_ever, service_options("refused"));
    refused.set_loop(EventLoop::current());
    const auto error = co_await error_of<InvalidStateError>(refused.start());
    CHECK_THAT(std::string(error.what()), contains("refused: a process cannot be forked"));
    CHECK_THAT(std::string(error.what()), contains("ProcessServiceWith"));
    end.set_value();
    other.join();
}

POOL_TEST_CASE("a service that nobody prepared is forked while there are no threads", "[PR-01]") {
    DoingService service(&sleep_for_ever, service_options());
    service.set_loop(EventLoop::current());
    auto payload = create_task(service.start());
    REQUIRE_AWAIT(eventually([] { return board().signers == 1; }), awaited);
    co_await service.stop(nullptr);
    co_await payload;
}

POOL_TEST_CASE("the process logs with the level of the parent", "[PR-01][LG-20]") {
    for (const log::Level level : {log::Level::kError, log::Level::kDebug}) {
        const StderrCapture capture;
        log::basic_config({.level = level, .log_format = log::Format::kPlain});
        DoingService service(
            [] {
                board().counters[0] = static_cast<int>(log::level());
                board().counters[1] = static_cast<int>(log::format());
            },
            service_options());
        RunningService running(service);
        CHECK_AWAIT(running.end(), awaited.empty());
        CHECK(board().counters[0] == static_cast<int>(level));
        CHECK(board().counters[1] == static_cast<int>(log::Format::kPlain));
    }
    log::basic_config();
}

TEST_CASE(
    "the constructor of an Entrypoint takes the snapshot, which no later change reaches",
    "[PR-01][F89]") {
    prepare_for_pools();
    const TempDir folder;
    const auto service = std::make_shared<Writer>((folder / "text").string());
    {
        Entrypoint entrypoint({.log_config = false}, service);
        service->text = "too late";
        entrypoint.run_until_complete(eventually([&] { return service->pid() == 0; }));
    }
    CHECK(folder.read("text") == "as constructed");
}
