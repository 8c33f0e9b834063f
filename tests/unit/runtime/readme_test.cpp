// SPDX-License-Identifier: MIT
// The code of runtime/README.md, between pairs of marks; scripts/check-readme compares them.

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/sync/lock.h>
#include <aiomisc/runtime/sync/queue.h>
#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/gather_settled.h>
#include <aiomisc/runtime/task/select.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/task_group.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using aiomisc::test::settle;
using aiomisc::test::text_of;
using aiomisc::test::turns;

// [task]
Task<int> length_of(std::string text) {
    co_await sleep(10ms);
    co_return static_cast<int>(text.size());
}

Task<int> total_length() {
    auto [first, second] = co_await gather(length_of("one"), length_of("three"));
    co_return first + second;
}

// [task]

// [cancel]
Task<> save(std::vector<std::string>* log) {
    co_await sleep(1s);
    log->push_back("saved");
}

Task<> serve(std::vector<std::string>* log) {
    bool cancelled = false;
    try {
        co_await sleep(1h);
    } catch (const CancelledError&) {
        cancelled = true;  // a handler cannot co_await: clean up after it
    }
    co_await shield(save(log));  // a second cancellation does not reach save()
    if (cancelled) {
        throw CancelledError();
    }
}

// [cancel]

// [queue]
Task<> consume(Queue<int>* jobs, int* sum) {
    try {
        for (;;) {
            *sum += co_await jobs->get();
        }
    } catch (const QueueClosed&) {
        co_return;
    }
}

Task<int> sum_up_to(int last) {
    Queue<int> jobs(2);  // put() waits while two are in
    int sum = 0;
    TaskGroup consumers;
    consumers.spawn(consume(&jobs, &sum));
    consumers.spawn(consume(&jobs, &sum));
    for (int job = 1; job <= last; ++job) {
        co_await jobs.put(job);
    }
    jobs.close();
    co_await consumers.join();
    co_return sum;
}

// [queue]

}  // namespace

VIRTUAL_TEST_CASE("README of runtime: tasks") {
    CHECK_AWAIT(total_length(), awaited == 8);
}

VIRTUAL_TEST_CASE("README of runtime: cancellation") {
    std::vector<std::string> log;
    auto task = create_task(serve(&log));
    co_await turns();
    task.cancel();
    CHECK_AWAIT(settle(std::move(task)), awaited.cancelled());
    CHECK(log == std::vector<std::string>{"saved"});
}

VIRTUAL_TEST_CASE("README of runtime: queues") {
    CHECK_AWAIT(sum_up_to(10), awaited == 55);
}

// [virtual]
TEST_CASE("README of runtime: an hour passes at once") {
    VirtualLoop loop;
    CHECK_THROWS_AS(loop.run_until_complete(wait_for(sleep(2h), 1h)), TimeoutError);
    CHECK(loop.time() == 3600.0);
}

// [virtual]
