// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/control_channel.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace std::chrono_literals;

namespace {

struct Pair {
    Pair() : Pair(ControlChannel::make_pair()) {}

    explicit Pair(std::pair<UniqueFd, UniqueFd> ends)
        : left(std::move(ends.first)), right(std::move(ends.second)) {}

    ControlChannel left;
    ControlChannel right;
};

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text(const Packet& packet) {
    return {reinterpret_cast<const char*>(packet.body.data()), packet.body.size()};
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// A packet made by hand, with descriptors.
void send_raw(int socket, std::string_view packet, std::size_t fd_count) {
    union {
        char bytes[CMSG_SPACE(sizeof(int) * 253)];
        cmsghdr align;
    } control{};

    // Cast: the structure has no const.
    iovec part{const_cast<char*>(packet.data()), packet.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd_count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        for (std::size_t i = 0; i < fd_count; ++i) {
            const int fd = STDERR_FILENO;
            std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    REQUIRE(::sendmsg(socket, &message, 0) == static_cast<ssize_t>(packet.size()));
}

}  // namespace

TEST_CASE("packets keep their borders and their order") {
    Pair pair;
    CHECK_FALSE(pair.right.try_receive());
    CHECK_FALSE(pair.right.closed());
    pair.left.send(bytes("one"));
    pair.left.send(bytes(""));
    pair.left.send(bytes("three"));
    CHECK(text(*pair.right.try_receive()) == "one");
    CHECK(text(*pair.right.try_receive()).empty());
    CHECK(text(*pair.right.try_receive()) == "three");
    CHECK_FALSE(pair.right.try_receive());
}

TEST_CASE("descriptors travel beside a packet, and are closed on exec") {
    Pair pair;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reader(ends[0]);
    std::vector<UniqueFd> fds;
    fds.emplace_back(ends[1]);
    pair.left.send(bytes("take this"), std::move(fds));
    auto packet = pair.right.try_receive();
    REQUIRE(packet);
    REQUIRE(packet->fds.size() == 1);
    CHECK_FALSE(packet->fds_lost);
    CHECK((::fcntl(packet->fds[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
    REQUIRE(::write(packet->fds[0].get(), "x", 1) == 1);
    char byte = 0;
    CHECK(::read(reader.get(), &byte, 1) == 1);
}

TEST_CASE("a body of any size up to the limit arrives whole") {
    const std::size_t size = GENERATE(
        std::size_t{8},
        ControlChannel::kMaxInlineBytes - 8,
        ControlChannel::kMaxInlineBytes,
        ControlChannel::kMaxInlineBytes + 8,
        std::size_t{5} << 20);
    Pair pair;
    std::vector<std::byte> body(size);
    for (std::size_t i = 0; i < size; ++i) {
        body[i] = static_cast<std::byte>(i * 7);
    }
    pair.left.send(body);
    const auto packet = pair.right.try_receive();
    REQUIRE(packet);
    CHECK(packet->body == body);
    CHECK(packet->fds.empty());
}

TEST_CASE("a body over the limit is refused before it is sent", "[F63]") {
    Pair pair;
    const std::vector<std::byte> body(ControlChannel::kMaxBodyBytes + 8);
    CHECK_THROWS_AS(pair.left.send(body), ProtocolError);
    pair.left.send(bytes("still good"));
    CHECK(text(*pair.right.try_receive()) == "still good");
}

TEST_CASE("what the socket does not take is queued, and sent later in order", "[F65]") {
    Pair pair;
    const std::string filler(60'000, 'f');
    int sent = 0;
    while (!pair.left.wants_write()) {
        pair.left.send(bytes(filler + std::to_string(sent)));
        ++sent;
    }
    pair.left.send(bytes("last"));
    CHECK_FALSE(pair.left.flush());
    int received = 0;
    std::string last;
    while (received < sent + 1) {
        auto packet = pair.right.try_receive();
        if (!packet) {
            pair.left.flush();
            continue;
        }
        last = text(*packet);
        if (received < sent) {
            CHECK(last.substr(filler.size()) == std::to_string(received));
        }
        ++received;
    }
    CHECK(last == "last");
    CHECK_FALSE(pair.left.wants_write());
}

TEST_CASE("what a peer sent before it closed is still read, and then the end") {
    Pair pair;
    pair.left.send(bytes("unread by the right"));
    pair.right.send(bytes("goodbye"));
    pair.right.close();  // with something unread: the kernel calls that a reset
    pair.left.send(bytes("to nobody"));
    CHECK_FALSE(pair.left.wants_write());
    CHECK_FALSE(pair.left.closed());
    const auto packet = pair.left.receive_until(std::chrono::steady_clock::now() + 10s);
    REQUIRE(packet);
    CHECK(text(*packet) == "goodbye");
    CHECK_FALSE(pair.left.try_receive());
    CHECK(pair.left.closed());
}

TEST_CASE("waiting for a packet ends at the deadline") {
    Pair pair;
    CHECK_FALSE(pair.left.receive_until(std::chrono::steady_clock::now()));
    CHECK_FALSE(pair.left.closed());
}

TEST_CASE("what is not a packet is refused, with all its descriptors closed", "[P14][S8][F59]") {
    struct Row {
        std::string packet;
        std::size_t fds;
    };

    const Row row = GENERATE(
        Row{"x", 0},
        Row{"1234567", 1},
        Row{std::string(64, 'z'), 3},
        Row{std::string("AIMC\2\0\0\0", 8), 1},                    // an unknown placement
        Row{std::string("AIMC\1\0\0\0", 8), 1},                    // no size
        Row{std::string("AIMC\1\0\0\0\10\0\0\0\0\0\0\0", 16), 0},  // no memory file
        Row{std::string("AIMC\1\0\0\0\10\0\0\0\0\0\0\0", 16), 1},  // a file of another kind
        Row{std::string("AIMC\1\0\0\0\0\0\0\0\0\0\0\1", 16), 1},   // a size beyond the limit
        Row{std::string(100'000, 'l'), 0});                        // too long
    Pair pair;
    const std::size_t before = open_descriptors();
    send_raw(pair.left.fd(), row.packet, row.fds);
    CHECK_THROWS_AS(pair.right.try_receive(), ProtocolError);
    CHECK(open_descriptors() == before);
}

TEST_CASE("a flood of descriptors leaves none behind", "[S8]") {
    Pair pair;
    const std::size_t before = open_descriptors();
    send_raw(pair.left.fd(), std::string("AIMC\0\0\0\0", 8), 253);
    {
        const auto packet = pair.right.try_receive();
        REQUIRE(packet);
        CHECK(packet->fds_lost);
        CHECK(packet->fds.size() <= ControlChannel::kMaxFds);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("who shuts down on closing ends the connection although a copy is open", "[F40]") {
    auto [ours, theirs] = ControlChannel::make_pair();
    const UniqueFd copy = ours.duplicate();
    ControlChannel peer(std::move(theirs));
    SECTION("shut down") {
        ControlChannel(std::move(ours), ControlChannel::OnClose::kShutDown).close();
        CHECK_FALSE(peer.try_receive());
        CHECK(peer.closed());
    }
    SECTION("closed") {
        ControlChannel(std::move(ours)).close();
        CHECK_FALSE(peer.try_receive());
        CHECK_FALSE(peer.closed());
    }
    SECTION("closed by a process that was forked") {
        ControlChannel channel(std::move(ours), ControlChannel::OnClose::kShutDown);
        const pid_t child = ::fork();
        if (child == 0) {
            channel.close();
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
        CHECK_FALSE(peer.try_receive());
        CHECK_FALSE(peer.closed());
    }
}
