// SPDX-License-Identifier: MIT
#include <aiomisc/worker/pool/errors.h>

#include "support/catch.h"

#include <csignal>
#include <type_traits>

using aiomisc::WorkerDied;

TEST_CASE("WorkerDied says which process ended how, and at what", "[P2]") {
    WorkerDied::Details details{.worker = 2, .pid = 4711, .signal = SIGSEGV, .reason = {}};
    CHECK(
        WorkerDied(details).what() ==
        std::string("worker 2 (pid 4711) was killed by SIGSEGV while it ran the call"));
    details.note = "SIGSEGV at address 0x10";
    CHECK(
        WorkerDied(details).what() ==
        std::string("worker 2 (pid 4711) was killed by SIGSEGV while it ran the call: SIGSEGV at "
                    "address 0x10"));
    details = {.worker = 1, .pid = 7, .status = 0, .phase = WorkerDied::Phase::kIdle};
    CHECK(
        WorkerDied(details).what() ==
        std::string("worker 1 (pid 7) exited with status 0 before it began the call"));
    details = {.worker = 3, .phase = WorkerDied::Phase::kInit, .reason = "fork: EAGAIN"};
    CHECK(
        WorkerDied(details).what() ==
        std::string("worker 3 is gone before it was ready: fork: EAGAIN"));
}

TEST_CASE("WorkerDied tells of memory only when that is suspected") {
    WorkerDied::Details details{.worker = 1, .pid = 7, .signal = SIGKILL, .oom_suspected = true};
    CHECK(
        WorkerDied(details).what() ==
        std::string("worker 1 (pid 7) was killed by SIGKILL while it ran the call, probably "
                    "because memory ran out"));
    details.oom_suspected = false;
    details.reason = "it closed its channel";
    CHECK(
        WorkerDied(details).what() ==
        std::string("worker 1 (pid 7) was killed by SIGKILL while it ran the call: it closed its "
                    "channel"));
}

TEST_CASE("WorkerDied carries what it says, for programs") {
    const WorkerDied died(
        {.worker = 4, .pid = 9, .status = 3, .phase = WorkerDied::Phase::kResult});
    CHECK(died.pid() == 9);
    CHECK(died.status() == 3);
    CHECK(died.signal() == 0);
    CHECK(died.phase() == WorkerDied::Phase::kResult);
    CHECK(died.details().worker == 4);
}

TEST_CASE("every phase of a call has a name of its own") {
    using Phase = WorkerDied::Phase;
    CHECK(aiomisc::phase_name(Phase::kInit) == "init");
    CHECK(aiomisc::phase_name(Phase::kIdle) == "idle");
    CHECK(aiomisc::phase_name(Phase::kSerialise) == "serialise");
    CHECK(aiomisc::phase_name(Phase::kRun) == "run");
    CHECK(aiomisc::phase_name(Phase::kResult) == "result");
}

TEST_CASE("errors of a pool are caught by what they have in common") {
    using aiomisc::WorkerError;
    STATIC_REQUIRE(std::is_base_of_v<WorkerError, WorkerDied>);
    STATIC_REQUIRE(std::is_base_of_v<WorkerError, aiomisc::PoolBroken>);
    STATIC_REQUIRE(std::is_base_of_v<WorkerError, aiomisc::QueueFull>);
    STATIC_REQUIRE(std::is_base_of_v<aiomisc::TimeoutError, aiomisc::TaskTimeout>);
    STATIC_REQUIRE(std::is_base_of_v<aiomisc::ClosedError, aiomisc::PoolClosed>);
}
