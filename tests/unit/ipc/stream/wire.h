// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/stream/frame.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// Messages and sockets for the tests of streams.
namespace aiomisc::test {

/// A message as a stream sees it: segments of words, whatever they mean.
struct Message {
    std::vector<std::vector<std::uint64_t>> segments;

    friend bool operator==(const Message&, const Message&) = default;

    /// What writeMessage() takes; valid while the message lives.
    [[nodiscard]] std::vector<kj::ArrayPtr<const capnp::word>> pointers() const {
        std::vector<kj::ArrayPtr<const capnp::word>> result;
        for (const auto& segment : segments) {
            result.emplace_back(
                reinterpret_cast<const capnp::word*>(segment.data()), segment.size());
        }
        return result;
    }

    /// Its bytes on the wire.
    [[nodiscard]] std::string framed() const {
        const auto parts = pointers();
        const auto header = ipc::frame_header(kj::arrayPtr(parts.data(), parts.size()));
        std::string bytes(reinterpret_cast<const char*>(header.data()), header.size() * 4);
        for (const auto& segment : segments) {
            bytes.append(reinterpret_cast<const char*>(segment.data()), segment.size() * 8);
        }
        return bytes;
    }
};

inline kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> as_segments(
    const std::vector<kj::ArrayPtr<const capnp::word>>& pointers) {
    return {pointers.data(), pointers.size()};
}

/// One segment of that many words, each another, so that a mixed-up byte is seen.
inline Message message_of(std::size_t words, std::uint64_t seed = 1) {
    Message message{{std::vector<std::uint64_t>(words)}};
    for (auto& word : message.segments[0]) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        word = seed;
    }
    return message;
}

inline Message message_of_segments(std::size_t segments, std::size_t words_each) {
    Message message;
    for (std::size_t index = 0; index < segments; ++index) {
        message.segments.push_back(message_of(words_each, index + 1).segments[0]);
    }
    return message;
}

inline Message copy_of(capnp::MessageReader& reader) {
    Message message;
    for (unsigned id = 0;; ++id) {
        const auto segment = reader.getSegment(id);
        if (segment.begin() == nullptr && segment.size() == 0) {
            return message;
        }
        std::vector<std::uint64_t> words(segment.size());
        if (!words.empty()) {
            std::memcpy(words.data(), segment.begin(), words.size() * 8);
        }
        message.segments.push_back(std::move(words));
    }
}

/// The framing header alone, saying whatever it is told to.
inline std::string header_of(const std::vector<std::uint32_t>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * 4};
}

/// Two ends of a connection; `buffer_bytes` is what the kernel keeps of what was not read yet.
inline std::pair<UniqueFd, UniqueFd> socket_pair(int buffer_bytes = 0, int type = SOCK_STREAM) {
    int ends[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) {
        throw SystemError::from_errno("socketpair");
    }
    std::pair<UniqueFd, UniqueFd> result{UniqueFd(ends[0]), UniqueFd(ends[1])};
    if (buffer_bytes > 0) {
        for (const int end : ends) {
            ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
        }
    }
    return result;
}

/// Whether all bytes went out; a peer that is gone raises no signal.
inline bool send_all(const UniqueFd& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// What one read finds there; empty if there is nothing.
inline std::string receive_some_bytes(const UniqueFd& socket) {
    std::string bytes(std::size_t{1} << 20, '\0');
    const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
}

/// Sends bytes with descriptors attached.
inline bool send_with(const UniqueFd& socket, std::string_view bytes, std::vector<int> fds) {
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

inline UniqueFd open_null() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace aiomisc::test
