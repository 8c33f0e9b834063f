// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/worker_page.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/memory_file.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;

TEST_CASE("what one side writes into the page, the other reads") {
    auto [parent, file] = WorkerPage::create(1000);
    WorkerPage worker = WorkerPage::map(file);
    file.reset();
    CHECK(parent.data().size() == 1000);
    REQUIRE(worker.data().size() == 1000);
    std::memcpy(worker.data().data(), "result", 6);
    CHECK(std::memcmp(parent.data().data(), "result", 6) == 0);
    worker.crash_note().append("last words");
    CHECK(parent.crash_note().text() == "last words");
}

TEST_CASE("the page cannot be shrunk under the parent") {
    auto [page, file] = WorkerPage::create(1000);
    CHECK(::ftruncate(file.get(), 10) == -1);
    CHECK(errno == EPERM);
    CHECK(::ftruncate(file.get(), 100'000) == -1);
}

TEST_CASE("only a page is taken for a page", "[P14]") {
    CHECK_THROWS_AS(WorkerPage::map(UniqueFd(::open("/dev/zero", O_RDWR))), ProtocolError);
    CHECK_THROWS_AS(WorkerPage::map(UniqueFd()), ProtocolError);
    CHECK_THROWS_AS(WorkerPage::map(make_memory_file("small", 16)), ProtocolError);
    CHECK_THROWS_AS(WorkerPage::map(make_memory_file("other", 65536)), ProtocolError);
}

TEST_CASE("calls are claimed in order") {
    auto [page, file] = WorkerPage::create();
    CHECK(page.started() == 0);
    CHECK(page.worker_claim(1));
    CHECK(page.started() == 1);
    CHECK(page.worker_claim(2));
    CHECK_FALSE(page.worker_claim(2));
    CHECK_FALSE(page.worker_claim(1));
    CHECK(page.worker_claim(5));
    CHECK(page.started() == 5);
}

TEST_CASE("a revoked call cannot be claimed", "[P11][F83]") {
    auto [page, file] = WorkerPage::create();
    REQUIRE(page.worker_claim(1));
    CHECK(page.revoke(3) == 1);
    CHECK_FALSE(page.worker_claim(2));
    CHECK_FALSE(page.worker_claim(3));
    CHECK(page.worker_claim(4));
    CHECK(page.revoke(4) == 4);  // too late for that one
    CHECK(page.revoke(2) == 4);  // and that changes nothing
    CHECK(page.worker_claim(5));
}

TEST_CASE("sequence numbers wrap") {
    auto [page, file] = WorkerPage::create();
    // In steps, as calls do it: no two neighbors may be 2^31 apart.
    for (const Sequence call : {0x40000000U, 0x80000000U, 0xC0000000U, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
        REQUIRE(page.worker_claim(call));
    }
    CHECK(page.revoke(1) == 0xFFFFFFFFU);
    CHECK_FALSE(page.worker_claim(0));
    CHECK_FALSE(page.worker_claim(1));
    CHECK(page.worker_claim(2));
    CHECK(page.started() == 2);
    CHECK_FALSE(page.worker_claim(0xFFFFFFFFU));
    CHECK(sequence_after(1, 0xFFFFFFFFU));
    CHECK_FALSE(sequence_after(7, 7));
}

TEST_CASE("a cancel request is for one call", "[P11]") {
    auto [parent, file] = WorkerPage::create();
    const WorkerPage worker = WorkerPage::map(file);
    CHECK(parent.request_cancel(2));
    CHECK_FALSE(worker.cancel_requested(1));
    CHECK(worker.cancel_requested(2));
    CHECK_FALSE(worker.cancel_requested(3));
}

TEST_CASE("a call that has ended is not cancelled any more", "[P11][F83]") {
    auto [parent, file] = WorkerPage::create();
    WorkerPage worker = WorkerPage::map(file);
    CHECK_FALSE(worker.worker_finish(1));
    CHECK_FALSE(parent.request_cancel(1));
    CHECK_FALSE(worker.cancel_requested(1));
    CHECK(parent.request_cancel(2));
    CHECK(worker.worker_finish(2));  // the worker knows that a signal is on its way
    CHECK_FALSE(parent.request_cancel(2));
    CHECK_FALSE(worker.worker_finish(3));
}

// The parent sends calls ahead of the worker, and now and then takes back what has not begun.
// Whatever the order in which the two come to the page, each call is started or revoked, and never
// both.
TEST_CASE("no call is both started and revoked, whoever comes first", "[P3][P11][F83]") {
    constexpr Sequence kCalls = 100'000;
    auto [parent, file] = WorkerPage::create();
    WorkerPage worker = WorkerPage::map(file);
    std::vector<std::atomic<bool>> started(kCalls + 1);
    std::atomic<Sequence> sent{0};

    std::thread worker_thread([&] {
        for (Sequence call = 1; call <= kCalls; ++call) {
            while (sent.load(std::memory_order_acquire) < call) {
                std::this_thread::yield();
            }
            if (worker.worker_claim(call)) {
                started[call] = true;
            }
        }
    });

    std::vector<bool> revoked(kCalls + 1);
    std::size_t revocations = 0;
    for (Sequence call = 1; call <= kCalls; ++call) {
        sent.store(call, std::memory_order_release);
        if (call % 3 == 0) {
            for (Sequence taken = parent.revoke(call) + 1; taken <= call; ++taken) {
                revoked[taken] = true;
                ++revocations;
            }
        }
    }
    worker_thread.join();

    std::size_t both = 0;
    std::size_t neither = 0;
    for (Sequence call = 1; call <= kCalls; ++call) {
        both += started[call] && revoked[call] ? 1 : 0;
        neither += !started[call] && !revoked[call] ? 1 : 0;
    }
    CHECK(both == 0);
    CHECK(neither == 0);
    CAPTURE(revocations);
}
