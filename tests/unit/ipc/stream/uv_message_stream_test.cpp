// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/uv_message_stream.h>

#include "support/async_test.h"
#include "unit/ipc/stream/wire.h"

#include <aiomisc/runtime/kj/event_port.h>
#include <aiomisc/runtime/kj/promise.h>

#include <optional>
#include <string>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::ipc;
using namespace aiomisc::test;

namespace {

/// Our end of a connection, and the plain socket that is its peer.
struct Connection {
    explicit Connection(
        const StreamLimits& limits = {},
        UvMessageStream::MessageCheck check = nullptr,
        int buffer_bytes = 0,
        int type = SOCK_STREAM)
        : Connection(socket_pair(buffer_bytes, type), limits, check) {}

    Connection(
        std::pair<UniqueFd, UniqueFd> ends,
        const StreamLimits& limits,
        UvMessageStream::MessageCheck check)
        : peer(std::move(ends.second)),
          stream(
              (EventLoop::current().extension<detail::KjLoop>(), EventLoop::current()),
              std::move(ends.first),
              limits,
              check) {}

    /// The next message; nothing at the end of the stream.
    Task<std::optional<Message>> read() {
        auto reading = stream.tryReadMessage(nullptr, {}, nullptr);
        auto received = co_await detail::from_kj(std::move(reading));
        KJ_IF_MAYBE (message, received) {
            co_return copy_of(*message->reader);
        }
        co_return std::nullopt;
    }

    /// Starts to write. What is not small must stay where it is until it is out.
    detail::KjAwaitable<void> write(const Message& message) {
        pointers = message.pointers();
        return detail::from_kj(stream.writeMessage(nullptr, as_segments(pointers)));
    }

    /// What came so far, until it is `size` bytes or more.
    Task<std::string> received(std::size_t size) {
        std::string bytes = receive_some_bytes(peer);
        while (bytes.size() < size) {
            co_await sleep(Duration::zero());
            bytes += receive_some_bytes(peer);
        }
        co_return bytes;
    }

    UniqueFd peer;
    UvMessageStream stream;
    std::vector<kj::ArrayPtr<const capnp::word>> pointers;
};

template <typename Value>
Task<> finish(detail::KjAwaitable<Value> awaitable) {
    if constexpr (std::is_void_v<Value>) {
        co_await awaitable;
    } else {
        [[maybe_unused]] const auto value = co_await awaitable;
    }
}

/// Lets the loop see its events: it looks for them when nothing else is left to run.
Task<> look_around() {
    co_await sleep(std::chrono::milliseconds(1));
}

void refuse_large(capnp::MessageReader& message) {
    KJ_REQUIRE(message.getSegment(0).size() < 10, "too large for this test");
}

}  // namespace

ASYNC_TEST_CASE("several messages in one read come one after the other, then the end", "[F61]") {
    Connection connection;
    const std::vector<Message> messages{
        message_of(1), message_of_segments(5, 7), message_of(0), message_of(9000)};
    std::string bytes;
    for (const Message& message : messages) {
        bytes += message.framed();
    }
    REQUIRE(send_all(connection.peer, bytes));
    connection.peer.reset();
    for (const Message& message : messages) {
        CHECK_FALSE(connection.stream.peer_gone());
        CHECK_AWAIT(connection.read(), awaited == message);
    }
    CHECK_AWAIT(connection.read(), awaited == std::nullopt);
    CHECK(connection.stream.peer_gone());
    CHECK(connection.stream.bytes_read() == bytes.size());
    CHECK_AWAIT(connection.read(), awaited == std::nullopt);
}

ASYNC_TEST_CASE("a message that comes byte by byte is one message", "[F61]") {
    Connection connection;
    const Message message = message_of_segments(3, 5);
    auto reading = create_task(connection.read());
    for (const char byte : message.framed()) {
        CHECK_FALSE(reading.done());
        REQUIRE(send_all(connection.peer, {&byte, 1}));
        co_await look_around();
    }
    CHECK_AWAIT(reading, awaited == message);
}

ASYNC_TEST_CASE("the end at any byte of an exchange is seen", "[F60]") {
    const Message first = message_of(3);
    const std::string bytes = first.framed() + message_of_segments(2, 4).framed();
    for (std::size_t end = 0; end < bytes.size(); ++end) {
        CAPTURE(end);
        Connection connection;
        REQUIRE(send_all(connection.peer, bytes.substr(0, end)));
        connection.peer.reset();
        if (end >= first.framed().size()) {
            CHECK_AWAIT(connection.read(), awaited == first);
        }
        const auto last = co_await settle(connection.read());
        if (end == 0 || end == first.framed().size()) {
            CHECK(text_of(last) == "value");
        } else {
            CHECK_THAT(text_of(last), contains("ended inside a message"));
        }
        CHECK(connection.stream.peer_gone());
    }
}

ASYNC_TEST_CASE("what breaks the limits ends the connection, and is the peer's fault", "[F59]") {
    for (const std::string& bytes :
         {header_of({0, 0xffffffff}), header_of({512, 0}), std::string(64, '\xff')}) {
        Connection connection;
        REQUIRE(send_all(connection.peer, bytes));
        const auto outcome = co_await settle(connection.read());
        CHECK_THAT(text_of(outcome), contains("ProtocolError"));
        CHECK_FALSE(connection.stream.peer_gone());
        CHECK(connection.stream.error() != nullptr);
        // It stays like that, whatever else comes.
        REQUIRE(send_all(connection.peer, message_of(1).framed()));
        const auto again = co_await settle(connection.read());
        CHECK(text_of(again) == text_of(outcome));
        const auto write = co_await settle(finish(connection.write(message_of(1))));
        CHECK_FALSE(write.has_value());
    }
}

ASYNC_TEST_CASE("garbage behind a message ends the connection with a reason", "[F59]") {
    // As one read while nobody waits, and while somebody does.
    for (const bool waiting : {false, true}) {
        Connection connection;
        REQUIRE(send_all(connection.peer, message_of(2).framed() + std::string(16, '\xff')));
        if (!waiting) {
            co_await look_around();
        }
        const auto outcome = co_await settle(connection.read());
        CHECK_THAT(text_of(outcome), contains("too many segments"));
        CHECK_FALSE(connection.stream.peer_gone());
    }
}

ASYNC_TEST_CASE("a message that the check refuses ends the connection", "[P14]") {
    for (const bool waiting : {false, true}) {
        Connection connection({}, &refuse_large);
        const Message small = message_of(9);
        REQUIRE(send_all(
            connection.peer, small.framed() + message_of(10).framed() + message_of(1).framed()));
        if (!waiting) {
            co_await look_around();
        }
        CHECK_AWAIT(connection.read(), awaited == small);
        for (int again = 0; again < 2; ++again) {
            const auto outcome = co_await settle(connection.read());
            CHECK_THAT(text_of(outcome), contains("too large for this test"));
        }
        CHECK_FALSE(connection.stream.peer_gone());
    }
}

ASYNC_TEST_CASE("small messages of one turn leave together") {
    Connection connection({}, nullptr, 0, SOCK_SEQPACKET);  // each write is a record
    const std::string all = message_of(1).framed() + message_of(2).framed();
    co_await connection.write(message_of(1));
    co_await connection.write(message_of(2));
    CHECK_AWAIT(connection.received(1), awaited == all);
}

ASYNC_TEST_CASE("a message at the limit leaves, one above is refused", "[F63]") {
    Connection connection({.max_message_bytes = 8000});
    const Message largest = message_of(999);
    co_await connection.write(largest);
    CHECK_AWAIT(connection.received(8000), awaited == largest.framed());
    bool refused = false;
    try {
        co_await connection.write(message_of(1000));
    } catch (...) {
        refused = true;
    }
    CHECK(refused);
    // Nothing of it was sent.
    co_await connection.write(message_of(1));
    CHECK_AWAIT(connection.received(16), awaited == message_of(1).framed());
}

ASYNC_TEST_CASE("while nobody takes messages, no more than a buffer is read", "[P13]") {
    Connection connection;
    const Message message = message_of(500);
    REQUIRE(::fcntl(connection.peer.get(), F_SETFL, O_NONBLOCK) == 0);
    std::size_t sent = 0;
    std::string rest;
    // Until the kernel takes no more, and a while longer.
    for (int idle = 0; idle < 10;) {
        if (rest.empty()) {
            rest = message.framed();
            ++sent;
        }
        const ssize_t count = ::send(connection.peer.get(), rest.data(), rest.size(), 0);
        idle = count < 0 ? idle + 1 : 0;
        rest.erase(0, count < 0 ? 0 : static_cast<std::size_t>(count));
        co_await look_around();
    }
    CHECK(connection.stream.bytes_read() > 0);
    CHECK(connection.stream.bytes_read() <= std::size_t{64} << 10);
    std::size_t received = 0;
    while (received < sent) {
        const std::optional<Message> next = co_await connection.read();
        REQUIRE(next == message);
        ++received;
        if (!rest.empty()) {
            const ssize_t count = ::send(connection.peer.get(), rest.data(), rest.size(), 0);
            rest.erase(0, count < 0 ? 0 : static_cast<std::size_t>(count));
        }
    }
    CHECK(rest.empty());
}

ASYNC_TEST_CASE("large messages both ways at once through small buffers", "[F65]") {
    Connection ours({}, nullptr, 4608);
    const Message large = message_of(1 << 18);
    const std::string framed = large.framed();
    REQUIRE(::fcntl(ours.peer.get(), F_SETFL, O_NONBLOCK) == 0);
    auto reading = create_task(ours.read());
    auto writing = create_task(finish(ours.write(large)));
    co_await look_around();
    CHECK_FALSE(writing.done());
    std::string received;
    std::string_view rest = framed;
    while (received.size() < framed.size() || !rest.empty()) {
        // The peer reads only when it cannot write, like a worker.
        const ssize_t count = ::send(ours.peer.get(), rest.data(), rest.size(), 0);
        if (count > 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
        } else {
            received += receive_some_bytes(ours.peer);
        }
        co_await turns();
    }
    co_await writing;
    CHECK((received == framed));
    const std::optional<Message> back = co_await reading;
    CHECK((back == large));
}

ASYNC_TEST_CASE("what a peer sent before it died is read, though writing fails first", "[F5][P1]") {
    for (const std::size_t replies : {0, 1, 3}) {
        CAPTURE(replies);
        Connection connection;
        auto first = create_task(connection.read());
        co_await look_around();
        // Something unread at the peer makes its death a reset of the connection.
        co_await connection.write(message_of(1));
        co_await look_around();
        for (std::size_t reply = 0; reply < replies; ++reply) {
            REQUIRE(send_all(connection.peer, message_of(100, reply).framed()));
        }
        connection.peer.reset();
        // Before the loop looks for events, it writes.
        co_await connection.write(message_of(2));
        for (std::size_t reply = 0; reply < replies; ++reply) {
            auto reading = reply == 0 ? std::move(first) : create_task(connection.read());
            CHECK_AWAIT(reading, awaited == message_of(100, reply));
        }
        if (replies > 0) {
            first = create_task(connection.read());
        }
        co_await settle(std::move(first));  // the end, or a reset: it does not hang
        CHECK(connection.stream.peer_gone());
    }
}

ASYNC_TEST_CASE("a peer that takes nothing more counts as gone", "[F58]") {
    Connection connection;
    ::shutdown(connection.peer.get(), SHUT_RD);
    auto reading = create_task(connection.read());
    co_await look_around();
    CHECK_FALSE(reading.done());
    REQUIRE(send_all(connection.peer, message_of(5).framed()));
    co_await connection.write(message_of(1));
    CHECK_AWAIT(reading, awaited == message_of(5));
    const auto last = co_await settle(connection.read());
    CHECK_THAT(text_of(last), contains("cannot be written to"));
    CHECK(connection.stream.peer_gone());
    const auto write = co_await settle(finish(connection.write(message_of(1))));
    CHECK_FALSE(write.has_value());
}

ASYNC_TEST_CASE("the writer of a large message hears that the peer is gone", "[F67]") {
    Connection connection({}, nullptr, 4608);
    const Message large = message_of(1 << 16);
    auto written = connection.write(large);
    co_await look_around();
    connection.peer.reset();
    const auto outcome = co_await settle(finish(std::move(written)));
    CHECK_THAT(text_of(outcome), contains("ClosedError"));
    co_await settle(connection.read());
    CHECK(connection.stream.peer_gone());
}

ASYNC_TEST_CASE("after the end of our side, what the peer sends is read", "[F58]") {
    Connection connection;
    co_await connection.write(message_of(1));
    connection.stream.shutdown();
    // RPC acknowledges answers that come later; nobody listens to that any more.
    for (int answer = 0; answer < 3; ++answer) {
        REQUIRE(send_all(connection.peer, message_of(50).framed()));
        CHECK_AWAIT(connection.read(), awaited == message_of(50));
        co_await connection.write(message_of(2));
        co_await look_around();
    }
    CHECK_AWAIT(connection.received(1), awaited == message_of(1).framed());
    char byte = 0;
    CHECK(::recv(connection.peer.get(), &byte, 1, MSG_DONTWAIT) == 0);
    CHECK_FALSE(connection.stream.peer_gone());
}

ASYNC_TEST_CASE("the end of our side follows what was written, large or not", "[F58]") {
    Connection connection({}, nullptr, 4608);
    const Message large = message_of(1 << 15);
    auto written = connection.write(large);
    connection.stream.shutdown();
    CHECK_AWAIT(connection.received(large.framed().size()), awaited == large.framed());
    co_await written;
    co_await look_around();
    char byte = 0;
    CHECK(::recv(connection.peer.get(), &byte, 1, MSG_DONTWAIT) == 0);
}

ASYNC_TEST_CASE("a stream is dropped with a read, a write and an end under way") {
    const Message large = message_of(1 << 16);
    auto connection = std::make_unique<Connection>(StreamLimits{}, nullptr, 4608);
    auto written = connection->write(large);
    auto read = detail::from_kj(connection->stream.tryReadMessage(nullptr, {}, nullptr));
    co_await look_around();
    const auto left_alone = connection->write(message_of(1));
    connection->stream.shutdown();
    connection.reset();
    const auto reading = co_await settle(finish(std::move(read)));
    const auto writing = co_await settle(finish(std::move(written)));
    CHECK_FALSE(reading.has_value());
    CHECK_FALSE(writing.has_value());
}

ASYNC_TEST_CASE("descriptors arrive where they are allowed", "[P10]") {
    Connection connection({.max_descriptors = 2});
    const UniqueFd null = open_null();
    REQUIRE(send_with(connection.peer, message_of(3).framed(), {null.get(), null.get()}));
    std::vector<kj::AutoCloseFd> space(2);
    auto reading = connection.stream.tryReadMessage({space.data(), space.size()}, {}, nullptr);
    auto received = co_await detail::from_kj(std::move(reading));
    KJ_IF_MAYBE (message, received) {
        CHECK(message->fds.size() == 2);
        CHECK(copy_of(*message->reader) == message_of(3));
    } else {
        FAIL("no message");
    }
}

ASYNC_TEST_CASE("a flood of descriptors that nobody asked for stays outside", "[P10][F62]") {
    Connection connection;
    const UniqueFd null = open_null();
    const std::vector<int> most(253, null.get());
    REQUIRE(send_with(connection.peer, message_of(3).framed(), most));
    CHECK_AWAIT(connection.read(), awaited == message_of(3));
    // The leak audit counts what is open now.
}

ASYNC_TEST_CASE("one read at a time") {
    Connection connection;
    auto first = connection.stream.tryReadMessage(nullptr, {}, nullptr);
    const auto read_again = [&connection] {
        static_cast<void>(connection.stream.tryReadMessage(nullptr, {}, nullptr));
    };
    CHECK_THROWS_AS(read_again(), kj::Exception);
    connection.peer.reset();
    const auto received = co_await detail::from_kj(std::move(first));
    CHECK(received == nullptr);
}

ASYNC_TEST_CASE("the size of the send buffer is known") {
    Connection connection;
    int size = 0;
    KJ_IF_MAYBE (known, connection.stream.getSendBufferSize()) {
        size = *known;
    }
    CHECK(size >= 4096);
    co_return;
}
