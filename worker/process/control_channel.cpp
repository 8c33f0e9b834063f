// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/control_channel.h>

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/memory_file.h>
#include <aiomisc/worker/process/poll.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

// Before each body. Eight bytes, so that the words of the body stay aligned.
struct Header {
    static constexpr std::uint32_t kMagic = 0x43'4d'49'41;  // "AIMC"

    enum Placement : std::uint32_t { kInline = 0, kMemoryFile = 1 };

    std::uint32_t magic = kMagic;
    std::uint32_t placement = kInline;
};

static_assert(sizeof(Header) == 8);

constexpr std::size_t kBufferBytes = sizeof(Header) + ControlChannel::kMaxInlineBytes;

std::vector<std::byte> frame(Header::Placement placement, std::span<const std::byte> body) {
    const Header header{.placement = placement};
    std::vector<std::byte> packet(sizeof header + body.size());
    std::memcpy(packet.data(), &header, sizeof header);
    if (!body.empty()) {
        std::memcpy(packet.data() + sizeof header, body.data(), body.size());
    }
    return packet;
}

union FdBuffer {
    char bytes[CMSG_SPACE(sizeof(int) * ControlChannel::kMaxFds)];
    cmsghdr align;
};

// Takes the descriptors out of a received message, so that none leaks whatever else is wrong with
// it.
std::vector<UniqueFd> take_fds(msghdr& message) {
    std::vector<UniqueFd> fds;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
    return fds;
}

}  // namespace

std::pair<UniqueFd, UniqueFd> ControlChannel::make_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw SystemError::from_errno("create control socket");
    }
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

ControlChannel::ControlChannel(UniqueFd socket, OnClose on_close)
    : socket_(std::move(socket)), shut_down_by_(on_close == OnClose::kShutDown ? ::getpid() : 0) {}

ControlChannel::~ControlChannel() {
    close();
}

ControlChannel& ControlChannel::operator=(ControlChannel&& other) noexcept {
    if (this != &other) {
        close();
        socket_ = std::move(other.socket_);
        queue_ = std::move(other.queue_);
        buffer_ = std::move(other.buffer_);
        shut_down_by_ = other.shut_down_by_;
        closed_ = other.closed_;
    }
    return *this;
}

void ControlChannel::close() noexcept {
    if (socket_ && ::getpid() == shut_down_by_) {
        ::shutdown(socket_.get(), SHUT_RDWR);
    }
    socket_.reset();
    queue_.clear();
    closed_ = true;
}

void ControlChannel::send(std::span<const std::byte> body, std::vector<UniqueFd> fds) {
    Outgoing outgoing;
    if (body.size() <= kMaxInlineBytes) {
        outgoing.packet = frame(Header::kInline, body);
    } else if (body.size() <= kMaxBodyBytes) {
        const std::uint64_t size = body.size();
        outgoing.packet = frame(Header::kMemoryFile, std::as_bytes(std::span(&size, 1)));
        fds.push_back(make_sealed_file("aiomisc-message", body));
    } else {
        throw ProtocolError(
            "control message of " + std::to_string(body.size()) + " bytes is too large");
    }
    AIOMISC_CHECK(fds.size() <= kMaxFds, "too many descriptors for one control message");
    outgoing.fds = std::move(fds);
    queue_.push_back(std::move(outgoing));
    flush();
}

ControlChannel::SendResult ControlChannel::send_now(const Outgoing& outgoing) const {
    // Cast: sendmsg() does not write to what it sends, but its structure has no const.
    iovec part{const_cast<std::byte*>(outgoing.packet.data()), outgoing.packet.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    FdBuffer control{};
    if (!outgoing.fds.empty()) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * outgoing.fds.size());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * outgoing.fds.size());
        for (std::size_t i = 0; i < outgoing.fds.size(); ++i) {
            const int fd = outgoing.fds[i].get();
            std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    while (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
            return SendResult::kWouldBlock;
        }
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) {
            return SendResult::kPeerGone;
        }
        if (errno != EINTR) {
            throw SystemError::from_errno("send", "control message");
        }
    }
    return SendResult::kSent;
}

bool ControlChannel::flush() {
    while (!queue_.empty() && socket_) {
        Outgoing outgoing = std::move(queue_.front());
        queue_.pop_front();
        switch (send_now(outgoing)) {
            case SendResult::kSent:
                break;
            case SendResult::kWouldBlock:
                queue_.push_front(std::move(outgoing));
                return false;
            case SendResult::kPeerGone:
                queue_.clear();
                break;
        }
    }
    queue_.clear();
    return true;
}

std::optional<Packet> ControlChannel::try_receive() {
    if (closed_) {
        return std::nullopt;
    }
    if (!buffer_) {
        buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBufferBytes);
    }
    FdBuffer control{};
    iovec part{buffer_.get(), kBufferBytes};
    msghdr message{};
    ssize_t size = -1;
    for (bool reset = false; size < 0;) {
        message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (size >= 0 || errno == EINTR) {
            continue;
        }
        if (errno == EAGAIN) {
            return std::nullopt;
        }
        // The peer closed with something of ours unread. Linux says so once; what it sent comes
        // after.
        if (errno == ECONNRESET && !reset) {
            reset = true;
            continue;
        }
        throw SystemError::from_errno("receive", "control message");
    }
    std::vector<UniqueFd> fds = take_fds(message);
    if (size == 0) {
        closed_ = true;
        return std::nullopt;
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
        throw ProtocolError("control message is longer than allowed");
    }
    const bool fds_lost = (message.msg_flags & MSG_CTRUNC) != 0;
    return unpack(static_cast<std::size_t>(size), std::move(fds), fds_lost);
}

Packet ControlChannel::unpack(std::size_t size, std::vector<UniqueFd> fds, bool fds_lost) {
    Header header;
    if (size < sizeof header) {
        throw ProtocolError("control message is shorter than its header");
    }
    std::memcpy(&header, buffer_.get(), sizeof header);
    const std::span inline_body(buffer_.get() + sizeof header, size - sizeof header);
    if (header.magic != Header::kMagic || header.placement > Header::kMemoryFile) {
        throw ProtocolError("not a control message");
    }
    if (header.placement == Header::kInline) {
        return {{inline_body.begin(), inline_body.end()}, std::move(fds), fds_lost};
    }
    std::uint64_t body_size = 0;
    if (inline_body.size() != sizeof body_size || fds.empty() || fds_lost) {
        throw ProtocolError("control message lacks its memory file");
    }
    std::memcpy(&body_size, inline_body.data(), sizeof body_size);
    if (body_size > kMaxBodyBytes) {
        throw ProtocolError("control message is longer than allowed");
    }
    const UniqueFd file = std::move(fds.back());
    fds.pop_back();
    return {read_sealed_file(file, body_size), std::move(fds), false};
}

std::optional<Packet> ControlChannel::receive_until(Deadline deadline) {
    for (;;) {
        // The answer may be to something that is still queued here.
        const short events = flush() ? POLLIN : POLLIN | POLLOUT;
        if (auto packet = try_receive()) {
            return packet;
        }
        if (closed_ || !wait_ready(fd(), events, deadline)) {
            return std::nullopt;
        }
    }
}

bool ControlChannel::flush_until(Deadline deadline) {
    while (!flush()) {
        if (!wait_ready(fd(), POLLOUT, deadline)) {
            return false;
        }
    }
    return true;
}

}  // namespace aiomisc::process
