// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/fd_watcher.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

std::pair<UniqueFd, UniqueFd> make_socket_pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void fill(int fd) {
    const std::string block(4096, 'x');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
}

void drain(int fd) {
    char block[65536];
    while (::read(fd, block, sizeof block) > 0) {
    }
}

}  // namespace

ASYNC_TEST_CASE("readable returns when there is something to read") {
    auto [reading, writing] = make_pipe();
    auto waiting = create_task(readable(reading.get()));
    co_await sleep(1ms);
    CHECK_FALSE(waiting.done());
    REQUIRE(::write(writing.get(), "x", 1) == 1);
    co_await wait_for(std::move(waiting), 10s);
}

ASYNC_TEST_CASE("readable returns at the end of a pipe and of a socket") {
    auto [reading, writing] = make_pipe();
    auto at_pipe_end = create_task(readable(reading.get()));
    co_await turns();
    writing.reset();
    co_await wait_for(std::move(at_pipe_end), 10s);
    auto [ours, theirs] = make_socket_pair();
    auto at_socket_end = create_task(readable(ours.get()));
    co_await turns();
    theirs.reset();
    co_await wait_for(std::move(at_socket_end), 10s);
}

ASYNC_TEST_CASE("writable returns when there is room again") {
    auto [ours, theirs] = make_socket_pair();
    co_await wait_for(writable(ours.get()), 10s);
    fill(ours.get());
    auto waiting = create_task(writable(ours.get()));
    co_await sleep(1ms);
    CHECK_FALSE(waiting.done());
    drain(theirs.get());
    co_await wait_for(std::move(waiting), 10s);
}

ASYNC_TEST_CASE("a watcher calls back for as long as the condition holds") {
    auto [ours, theirs] = make_socket_pair();
    FdWatcher watcher(EventLoop::current(), ours.get());
    int calls = 0;
    Event thrice;
    watcher.start(FdWatcher::kReadable, [&](unsigned events) {
        CHECK(events == FdWatcher::kReadable);
        if (++calls == 3) {
            drain(ours.get());
            thrice.set();
        }
    });
    REQUIRE(::write(theirs.get(), "x", 1) == 1);
    co_await wait_for(thrice.wait(), 10s);
    co_await sleep(1ms);
    CHECK(calls == 3);
}

ASYNC_TEST_CASE("a watcher tells that the peer closed its side") {
    auto [ours, theirs] = make_socket_pair();
    FdWatcher watcher(EventLoop::current(), ours.get());
    Event closed;
    watcher.start(FdWatcher::kDisconnected, [&](unsigned events) {
        CHECK((events & FdWatcher::kDisconnected) != 0);
        watcher.stop();
        closed.set();
    });
    REQUIRE(::shutdown(theirs.get(), SHUT_WR) == 0);
    co_await wait_for(closed.wait(), 10s);
}

ASYNC_TEST_CASE("what is watched for can be changed, the callback stays") {
    auto [ours, theirs] = make_socket_pair();
    FdWatcher watcher(EventLoop::current(), ours.get());
    unsigned seen = 0;
    Event called;
    watcher.start(FdWatcher::kReadable, [&](unsigned events) {
        seen = events;
        watcher.set_events(0);
        called.set();
    });
    co_await sleep(1ms);
    CHECK(seen == 0);
    watcher.set_events(FdWatcher::kWritable);
    co_await wait_for(called.wait(), 10s);
    CHECK(seen == FdWatcher::kWritable);
}

ASYNC_TEST_CASE("a callback may destroy its watcher") {
    auto [ours, theirs] = make_socket_pair();
    auto watcher = std::make_unique<FdWatcher>(EventLoop::current(), ours.get());
    Event called;
    const auto resource = std::make_shared<int>(1);
    watcher->start(FdWatcher::kWritable, [&, resource](unsigned) {
        watcher.reset();
        CHECK(*resource == 1);
        called.set();
    });
    co_await wait_for(called.wait(), 10s);
    co_await sleep(1ms);
    CHECK(resource.use_count() == 1);
}

ASYNC_TEST_CASE("a watcher that was stopped does not touch the next descriptor of its number") {
    auto [first, first_peer] = make_socket_pair();
    auto [second, second_peer] = make_socket_pair();
    std::optional<FdWatcher> stopped(std::in_place, EventLoop::current(), first.get());
    stopped->start(FdWatcher::kReadable, [](unsigned) {});
    stopped->stop();
    // From here on the number of the first descriptor is the second one's.
    REQUIRE(::dup2(second.get(), first.get()) == first.get());
    FdWatcher watcher(EventLoop::current(), first.get());
    Event called;
    watcher.start(FdWatcher::kReadable, [&](unsigned) { called.set(); });
    co_await sleep(1ms);
    stopped.reset();
    REQUIRE(::write(second_peer.get(), "x", 1) == 1);
    co_await wait_for(called.wait(), 10s);
}

ASYNC_TEST_CASE("a callback may replace itself") {
    auto [ours, theirs] = make_socket_pair();
    FdWatcher watcher(EventLoop::current(), ours.get());
    Event second;
    const auto resource = std::make_shared<int>(1);
    watcher.start(FdWatcher::kWritable, [&, resource](unsigned) {
        watcher.start(FdWatcher::kWritable, [&](unsigned) {
            watcher.stop();
            second.set();
        });
        CHECK(*resource == 1);
    });
    co_await wait_for(second.wait(), 10s);
    CHECK(resource.use_count() == 1);
}

ASYNC_TEST_CASE("what a callback throws goes to the exception handler", "[AS-11]") {
    auto [ours, theirs] = make_socket_pair();
    FdWatcher watcher(EventLoop::current(), ours.get());
    Event called;
    watcher.start(FdWatcher::kWritable, [&](unsigned) {
        watcher.stop();
        called.set();
        throw std::runtime_error("oops");
    });
    co_await wait_for(called.wait(), 10s);
    CHECK(
        unhandled_errors()->take() ==
        std::vector<std::string>{
            "exception in the callback of a descriptor: std::runtime_error: oops"});
}

ASYNC_TEST_CASE("a regular file cannot be watched, and says so") {
    const TempDir directory;
    const auto path = directory.write("file", "text");
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto outcome = co_await settle(readable(file.get()));
    CHECK_THAT(text_of(outcome), starts_with("aiomisc::SystemError: watch descriptor"));
}

TEST_CASE("a watcher may outlive its loop") {
    auto [ours, theirs] = make_socket_pair();
    EventLoop loop;
    FdWatcher watcher(loop, ours.get());
    watcher.start(FdWatcher::kWritable, [](unsigned) {});
    loop.close();
    watcher.stop();
    CHECK_THROWS_AS(watcher.set_events(FdWatcher::kReadable), ClosedError);
}
