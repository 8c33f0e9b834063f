// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/blocking_message_stream.h>

#include "support/catch.h"
#include "unit/ipc/stream/wire.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::ipc;
using namespace aiomisc::test;

namespace {

struct Worker {
    explicit Worker(UniqueFd socket, const StreamLimits& limits = {})
        : stream(std::move(socket), limits) {}

    std::optional<Message> read() {
        auto received = stream.tryReadMessage(nullptr, {}, nullptr).wait(scope);
        KJ_IF_MAYBE (message, received) {
            return copy_of(*message->reader);
        }
        return std::nullopt;
    }

    kj::Promise<void> write(const Message& message) {
        const auto pointers = message.pointers();
        return stream.writeMessage(nullptr, as_segments(pointers));
    }

    BlockingMessageStream stream;
    kj::EventLoop loop{stream};
    kj::WaitScope scope{loop};
};

}  // namespace

TEST_CASE("a blocking stream reads what is there, then the end", "[F61]") {
    auto [ours, theirs] = socket_pair();
    Worker worker(std::move(ours));
    const std::vector<Message> messages{message_of(1), message_of_segments(5, 7), message_of(9000)};
    std::string bytes;
    for (const Message& message : messages) {
        bytes += message.framed();
    }
    REQUIRE(send_all(theirs, bytes));
    theirs.reset();
    for (const Message& message : messages) {
        CHECK_FALSE(worker.stream.at_end());
        CHECK(worker.read() == message);
    }
    CHECK(worker.read() == std::nullopt);
    CHECK(worker.stream.at_end());
    CHECK(worker.read() == std::nullopt);
}

TEST_CASE("a blocking stream ends wherever its bytes end", "[F60]") {
    const Message first = message_of(3);
    const std::string bytes = first.framed() + message_of_segments(2, 4).framed();
    for (std::size_t end = 0; end < bytes.size(); ++end) {
        CAPTURE(end);
        auto [ours, theirs] = socket_pair();
        Worker worker(std::move(ours));
        REQUIRE(send_all(theirs, bytes.substr(0, end)));
        theirs.reset();
        if (end >= first.framed().size()) {
            CHECK(worker.read() == first);
        }
        CHECK(worker.read() == std::nullopt);
        CHECK(worker.stream.at_end());
    }
}

TEST_CASE("what was written leaves before a blocking stream waits for more") {
    auto [ours, theirs] = socket_pair();
    Worker worker(std::move(ours));
    worker.write(message_of(1)).wait(worker.scope);
    worker.write(message_of(2)).wait(worker.scope);
    CHECK(receive_some_bytes(theirs).empty());
    REQUIRE(send_all(theirs, message_of(3).framed()));
    CHECK(worker.read() == message_of(3));
    CHECK(receive_some_bytes(theirs) == message_of(1).framed() + message_of(2).framed());
    worker.write(message_of(4)).wait(worker.scope);
    worker.stream.flush();
    CHECK(receive_some_bytes(theirs) == message_of(4).framed());
}

TEST_CASE("a blocking stream refuses what breaks its limits", "[F59]") {
    const std::string bytes = GENERATE(
        header_of({0, 0xffffffff}),
        header_of({512, 0}),
        header_of({0, 1 << 10}),
        std::string(64, '\xff'));
    auto [ours, theirs] = socket_pair();
    Worker worker(std::move(ours), {.max_message_bytes = 1 << 10});
    REQUIRE(send_all(theirs, bytes));
    CHECK_THROWS_AS(worker.read(), kj::Exception);
}

TEST_CASE("a blocking stream says when its peer is gone", "[F67]") {
    auto [ours, theirs] = socket_pair();
    Worker worker(std::move(ours));
    theirs.reset();
    worker.write(message_of(1)).wait(worker.scope);
    try {
        worker.stream.flush();
        FAIL("the write succeeded");
    } catch (const kj::Exception& error) {
        CHECK(error.getType() == kj::Exception::Type::DISCONNECTED);
    }
}

TEST_CASE("the end of a blocking stream follows what was written", "[F58]") {
    auto [ours, theirs] = socket_pair();
    Worker worker(std::move(ours));
    worker.write(message_of(7)).wait(worker.scope);
    worker.stream.end().wait(worker.scope);
    CHECK(receive_some_bytes(theirs) == message_of(7).framed());
    char byte = 0;
    CHECK(::recv(theirs.get(), &byte, 1, 0) == 0);
    REQUIRE(send_all(theirs, message_of(8).framed()));
    CHECK(worker.read() == message_of(8));
}

TEST_CASE("a blocking stream writes large messages through a small buffer", "[F65]") {
    auto [ours, theirs] = socket_pair(4608);
    const Message large = message_of(1 << 18);
    std::string received;
    std::thread reader([&received, peer = theirs.get(), size = large.framed().size()] {
        std::string buffer(1 << 16, '\0');
        while (received.size() < size) {
            const ssize_t count = ::recv(peer, buffer.data(), buffer.size(), 0);
            if (count <= 0) {
                return;
            }
            received.append(buffer, 0, static_cast<std::size_t>(count));
        }
    });
    {
        Worker worker(std::move(ours));
        worker.write(large).wait(worker.scope);
    }
    reader.join();
    CHECK(received == large.framed());
}

TEST_CASE("a blocking stream that nobody reads from does not block for ever") {
    auto [ours, theirs] = socket_pair();
    Worker worker(std::move(ours));

    CHECK_THROWS_WITH(
        kj::Promise<void>(kj::NEVER_DONE).wait(worker.scope), contains("waits for nothing"));
}
