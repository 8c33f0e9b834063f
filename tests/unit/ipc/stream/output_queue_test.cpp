// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/output_queue.h>

#include "support/catch.h"
#include "unit/ipc/stream/wire.h"

#include <aiomisc/ipc/stream/socket_io.h>

#include <string>
#include <vector>

#include <kj/async.h>

using namespace aiomisc;
using namespace aiomisc::ipc;
using namespace aiomisc::test;

namespace {

struct Queue {
    explicit Queue(StreamLimits stream_limits = {}) : limits(stream_limits), queue(limits) {}

    kj::Promise<void> add(const Message& message, std::vector<int> fds = {}) {
        const auto pointers = message.pointers();
        return queue.add(as_segments(pointers), {fds.data(), fds.size()});
    }

    kj::EventLoop loop;
    kj::WaitScope scope{loop};
    StreamLimits limits;
    OutputQueue queue;
};

void make_nonblocking(const UniqueFd& socket) {
    REQUIRE(::fcntl(socket.get(), F_SETFL, O_NONBLOCK) == 0);
}

}  // namespace

TEST_CASE("small messages leave together, their writers do not wait") {
    Queue out;
    // Each write is a record.
    const auto [ours, theirs] = socket_pair(0, SOCK_SEQPACKET);
    const std::vector<Message> messages{message_of(2), message_of(0), message_of_segments(3, 4)};
    std::string all;
    for (const Message& message : messages) {
        auto written = out.add(message);
        CHECK(written.poll(out.scope));
        all += message.framed();
    }
    CHECK_FALSE(out.queue.has_waiting_writer());
    CHECK_FALSE(out.queue.empty());
    CHECK(out.queue.write_to(ours.get()));
    CHECK(out.queue.empty());
    CHECK(receive_some_bytes(theirs) == all);
    // Once more: the memory of the first time is used again.
    out.add(messages[0]).wait(out.scope);
    CHECK(out.queue.write_to(ours.get()));
    CHECK(receive_some_bytes(theirs) == messages[0].framed());
}

TEST_CASE("the writer of a large message waits until it is out", "[P13]") {
    Queue out;
    const auto [ours, theirs] = socket_pair(4608);
    make_nonblocking(ours);
    const Message large = message_of(100'000);
    const Message before = message_of(1);
    const Message behind = message_of(2);
    out.add(before).wait(out.scope);
    auto written = out.add(large);
    out.add(behind).wait(out.scope);
    std::string received;
    while (!out.queue.write_to(ours.get())) {
        CHECK(out.queue.has_waiting_writer());
        CHECK_FALSE(written.poll(out.scope));
        received += receive_some_bytes(theirs);
    }
    CHECK(written.poll(out.scope));
    received += receive_some_bytes(theirs);
    CHECK(received == before.framed() + large.framed() + behind.framed());
}

TEST_CASE("a large message of very many segments goes out whole") {
    Queue out;
    const auto [ours, theirs] = socket_pair();
    const Message message = message_of_segments(100, 30);
    auto written = out.add(message);
    CHECK(out.queue.has_waiting_writer());
    CHECK(out.queue.write_to(ours.get()));
    written.wait(out.scope);
    std::string received;
    while (received.size() < message.framed().size()) {
        received += receive_some_bytes(theirs);
    }
    CHECK(received == message.framed());
}

TEST_CASE("a message above the limit is refused before anything is sent", "[F63]") {
    StreamLimits limits;
    limits.max_message_bytes = 80'000;
    Queue out(limits);
    CHECK_THROWS_AS(out.add(message_of(10'000)), kj::Exception);
    CHECK(out.queue.empty());
    auto written = out.add(message_of(9'999));
    CHECK_FALSE(out.queue.empty());
    out.queue.fail(KJ_EXCEPTION(DISCONNECTED, "test"));
    CHECK_THROWS_AS(written.wait(out.scope), kj::Exception);
}

TEST_CASE("descriptors go with the first byte of their message", "[P10]") {
    StreamLimits limits;
    limits.max_descriptors = 4;
    Queue out(limits);
    const auto [ours, theirs] = socket_pair();
    const UniqueFd null = open_null();
    out.add(message_of(1)).wait(out.scope);
    const Message with_descriptors = message_of(2);
    auto written = out.add(with_descriptors, {null.get(), null.get()});
    CHECK(out.queue.write_to(ours.get()));
    written.wait(out.scope);
    out.add(message_of(3)).wait(out.scope);
    CHECK(out.queue.write_to(ours.get()));

    FrameDecoder decoder(limits);
    std::vector<std::size_t> counts;
    while (counts.size() < 3) {
        std::vector<kj::AutoCloseFd> fds;
        const long count = receive_some(theirs.get(), decoder.space(), 4, fds);
        REQUIRE(count > 0);
        decoder.filled(static_cast<std::size_t>(count), std::move(fds));
        while (decoder.has_message()) {
            counts.push_back(decoder.take({})->descriptors.size());
        }
    }
    CHECK(counts == std::vector<std::size_t>{0, 2, 0});
}

TEST_CASE("more descriptors than a message may have are refused") {
    Queue out;
    CHECK_THROWS_AS(out.add(message_of(1), std::vector<int>(17, 0)), kj::Exception);
    CHECK(out.queue.empty());
}

TEST_CASE("a write to a peer that is gone says so, and raises no signal", "[F67]") {
    Queue out;
    auto [ours, theirs] = socket_pair();
    theirs.reset();
    out.add(message_of(1)).wait(out.scope);
    try {
        out.queue.write_to(ours.get());
        FAIL("the write succeeded");
    } catch (const kj::Exception& error) {
        CHECK(error.getType() == kj::Exception::Type::DISCONNECTED);
    }
}

TEST_CASE("writers that wait hear of the failure, and the queue is empty") {
    Queue out;
    auto first = out.add(message_of(10'000));
    auto second = out.add(message_of(20'000));
    out.queue.fail(KJ_EXCEPTION(DISCONNECTED, "gone"));
    CHECK(out.queue.empty());
    CHECK_FALSE(out.queue.has_waiting_writer());
    CHECK_THROWS_AS(first.wait(out.scope), kj::Exception);
    CHECK_THROWS_AS(second.wait(out.scope), kj::Exception);
}
