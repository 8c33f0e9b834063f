// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace aiomisc::process {

using Deadline = std::chrono::steady_clock::time_point;

/// What arrives on a control channel: one message and the descriptors sent beside it.
struct Packet {
    std::vector<std::byte> body;
    std::vector<UniqueFd> fds;
    bool fds_lost = false;  ///< some were sent, but this process had no descriptor free for them
};

/// One end of a control socket: packets with descriptors, over a SOCK_SEQPACKET socket pair.
///
/// Never blocks, but for the two calls that take a deadline. The loop around it polls fd() for
/// reading, and for writing while wants_write(), then calls try_receive() until it is empty and
/// flush().
///
/// A peer that is gone is learned from reading alone: what is sent to it is dropped, because events
/// that it sent before it died may still wait to be read.
///
/// Affinity: one thread at a time.
class ControlChannel {
public:
    static constexpr std::size_t kMaxInlineBytes = std::size_t{64} << 10;
    static constexpr std::size_t kMaxBodyBytes = std::size_t{64} << 20;
    static constexpr std::size_t kMaxFds = 8;

    /// A connected pair of sockets, close-on-exec.
    /// Errors: SystemError (no descriptor or memory left).
    static std::pair<UniqueFd, UniqueFd> make_pair();

    /// What close(), and the destructor, do to the connection.
    enum class OnClose : std::uint8_t {
        /// It ends when the last process that has a copy of the descriptor closes it.
        kClose,
        /// It ends at once. A process that the program forked may hold a copy for ever. But in such
        /// a process, closing the copy of this object leaves the connection alone.
        kShutDown,
    };

    explicit ControlChannel(UniqueFd socket, OnClose on_close = OnClose::kClose);
    ~ControlChannel();
    ControlChannel(const ControlChannel&) = delete;
    ControlChannel& operator=(const ControlChannel&) = delete;
    ControlChannel(ControlChannel&&) noexcept = default;
    ControlChannel& operator=(ControlChannel&& other) noexcept;

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

    /// Sends a packet, or queues it behind those that the socket would not take yet. A body over
    /// kMaxInlineBytes travels in a sealed memory file.
    ///
    /// Errors: ProtocolError (body over kMaxBodyBytes); SystemError (the memory file cannot be
    /// made).
    void send(std::span<const std::byte> body, std::vector<UniqueFd> fds = {});

    /// Sends what is queued; false when some of it still is.
    bool flush();

    [[nodiscard]] bool wants_write() const noexcept { return !queue_.empty(); }

    /// The next packet, or nothing: then closed() tells whether there will ever be one.
    ///
    /// Errors: ProtocolError (truncated packet, unknown framing). The channel is of no use
    /// afterwards.
    std::optional<Packet> try_receive();

    /// Waits for the next packet, and sends what is queued meanwhile. Nothing: the deadline passed,
    /// or the peer is gone, see closed().
    std::optional<Packet> receive_until(Deadline deadline);

    /// Waits until all is sent; false when the deadline passed first.
    bool flush_until(Deadline deadline);

    /// The peer is gone and everything it sent has been read.
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    void close() noexcept;

private:
    struct Outgoing {
        std::vector<std::byte> packet;
        std::vector<UniqueFd> fds;
    };

    enum class SendResult { kSent, kWouldBlock, kPeerGone };

    SendResult send_now(const Outgoing& outgoing) const;
    Packet unpack(std::size_t size, std::vector<UniqueFd> fds, bool fds_lost);

    UniqueFd socket_;
    std::deque<Outgoing> queue_;
    std::unique_ptr<std::byte[]> buffer_;
    pid_t shut_down_by_;
    bool closed_ = false;
};

}  // namespace aiomisc::process
