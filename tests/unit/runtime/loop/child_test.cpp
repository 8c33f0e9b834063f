// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/child.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

pid_t start_child(void (*body)()) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        body();
        ::_exit(0);
    }
    REQUIRE(pid > 0);
    return pid;
}

void wait_for_signal() {
    ::pause();
}

void use_memory_and_time() {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    auto* memory = static_cast<volatile char*>(::operator new(kBytes));
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 30ms) {
        for (std::size_t offset = 0; offset < kBytes; offset += 4096) {
            memory[offset] = 1;
        }
    }
}

}  // namespace

ASYNC_TEST_CASE("a child's exit code is reported") {
    const pid_t pid = start_child([] { ::_exit(3); });
    const ChildExit ended = co_await wait_for(wait_child(pid), 10s);
    CHECK(ended.pid == pid);
    CHECK(ended.code == 3);
    CHECK_FALSE(ended.signal.has_value());
    CHECK_FALSE(ended.success());
    const ChildExit good = co_await wait_child(start_child([] {}));
    CHECK(good.success());
}

ASYNC_TEST_CASE("the signal that killed a child is reported") {
    const pid_t pid = start_child(wait_for_signal);
    auto waiting = create_task(wait_child(pid));
    co_await sleep(1ms);
    CHECK_FALSE(waiting.done());
    ::kill(pid, SIGKILL);
    const ChildExit ended = co_await wait_for(std::move(waiting), 10s);
    CHECK(ended.signal == SIGKILL);
    CHECK_FALSE(ended.code.has_value());
    CHECK_FALSE(ended.success());
}

ASYNC_TEST_CASE("what a child used is reported") {
    const ChildExit ended = co_await wait_child(start_child(use_memory_and_time));
    CHECK(ended.user_time + ended.system_time > 0us);
    CHECK(ended.max_rss_bytes >= std::size_t{64} << 20);
}

ASYNC_TEST_CASE("only the child that was asked for is reaped", "[P17]") {
    const pid_t other = start_child([] { ::_exit(7); });
    const pid_t ours = start_child([] { ::_exit(8); });
    CHECK_AWAIT(wait_child(ours), awaited.code == 8);
    int status = 0;
    CHECK(::waitpid(other, &status, 0) == other);
    CHECK(WEXITSTATUS(status) == 7);
}

ASYNC_TEST_CASE("no handler of SIGCHLD is installed", "[P17]") {
    struct sigaction before{};
    struct sigaction after{};
    ::sigaction(SIGCHLD, nullptr, &before);
    const pid_t pid = start_child(wait_for_signal);
    auto waiting = create_task(wait_child(pid));
    co_await turns(2);
    ::sigaction(SIGCHLD, nullptr, &after);
    CHECK(before.sa_handler == after.sa_handler);
    ::kill(pid, SIGKILL);
    co_await waiting;
}

ASYNC_TEST_CASE("a cancelled wait leaves the child alone") {
    const pid_t pid = start_child(wait_for_signal);
    const auto outcome = co_await settle(wait_for(wait_child(pid), 5ms));
    CHECK_THAT(text_of(outcome), contains("TimeoutError"));
    CHECK(::kill(pid, SIGKILL) == 0);
    CHECK_AWAIT(wait_child(pid), awaited.signal == SIGKILL);
}

ASYNC_TEST_CASE("many children are waited for at once") {
    std::vector<Task<ChildExit>> waiting;
    for (int child = 0; child < 20; ++child) {
        waiting.push_back(wait_child(start_child([] {})));
    }
    for (const ChildExit& ended : co_await gather(std::move(waiting))) {
        CHECK(ended.success());
    }
}

ASYNC_TEST_CASE("what is no child of ours is refused", "[P17]") {
    CHECK_AWAIT_THAT(
        settle(wait_child(::getppid())),
        text_of(awaited),
        starts_with("aiomisc::SystemError: wait for process"));
    for (const pid_t group : {0, -1, -::getpgrp()}) {
        CHECK_AWAIT_THAT(
            settle(wait_child(group)), text_of(awaited), starts_with("std::invalid_argument: "));
    }
}
