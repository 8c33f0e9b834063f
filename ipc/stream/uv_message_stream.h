// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/stream/frame.h>
#include <aiomisc/ipc/stream/output_queue.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <cstdint>

#include <capnp/serialize-async.h>

namespace aiomisc::ipc {

/// Cap'n Proto messages over a stream socket in our loop: the parent's end of a channel.
///
/// One read serves many messages, and everything written in one turn of the loop leaves with one
/// system call, just before the loop looks for events; a stock KJ stream makes seven reads and
/// three writes per call. Reading pauses while nobody takes the messages that are there, so memory
/// is bounded by the buffer and one message in each direction.
///
/// A peer that is gone is reported by the reading side, after what it had sent.
///
/// Affinity:  loop.
class UvMessageStream final : public capnp::MessageStream, private aiomisc::detail::ReadyNode {
public:
    /// Looks at a message before anybody gets it; what it throws ends the connection.
    using MessageCheck = void (*)(capnp::MessageReader& message);

    /// Takes over the socket, which becomes non-blocking. Needs loop.extension<detail::KjLoop>() to
    /// exist.
    UvMessageStream(
        EventLoop& loop,
        UniqueFd socket,
        const StreamLimits& limits = {},
        MessageCheck check = nullptr);
    UvMessageStream(const UvMessageStream&) = delete;
    UvMessageStream& operator=(const UvMessageStream&) = delete;
    ~UvMessageStream() noexcept;

    kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> tryReadMessage(
        kj::ArrayPtr<kj::AutoCloseFd> fd_space,
        capnp::ReaderOptions options,
        kj::ArrayPtr<capnp::word> scratch_space) override;
    kj::Promise<void> writeMessage(
        kj::ArrayPtr<const int> fds,
        kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) override;
    kj::Promise<void> writeMessages(
        kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) override;
    kj::Maybe<int> getSendBufferSize() override;
    kj::Promise<void> end() override;

    using capnp::MessageStream::tryReadMessage;
    using capnp::MessageStream::writeMessage;
    using capnp::MessageStream::writeMessages;

    /// No more messages from us: the peer sees the end of the stream; what it still sends is read.
    /// What is written from now on is dropped.
    void shutdown() noexcept;

    /// Whether the peer ended the connection, as opposed to us.
    [[nodiscard]] bool peer_gone() const noexcept;

    /// What the connection failed of, if it did.
    [[nodiscard]] const kj::Maybe<kj::Exception>& error() const noexcept { return error_; }

    /// Bytes read so far.
    [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }

private:
    using Received = kj::Maybe<capnp::MessageReaderAndFds>;

    struct PendingRead {
        kj::Own<kj::PromiseFulfiller<Received>> fulfiller;
        kj::ArrayPtr<kj::AutoCloseFd> fd_space;
        capnp::ReaderOptions options;
    };

    void run() noexcept override;
    void on_events(unsigned events);
    void read_guarded();
    void read_available();
    void deliver();
    Received take(kj::ArrayPtr<kj::AutoCloseFd> fd_space, capnp::ReaderOptions options);
    void write_queued();
    void on_write_error(kj::Exception error);
    void fail(kj::Exception error);
    void watch();

    EventLoop& loop_;
    UniqueFd socket_;
    StreamLimits limits_;
    MessageCheck check_;
    FrameDecoder decoder_;
    OutputQueue output_;
    FdWatcher watcher_;
    kj::Maybe<PendingRead> pending_;
    kj::Maybe<kj::Exception> error_;
    kj::Maybe<kj::Exception> write_error_;  // reported once what the peer sent is read
    unsigned watched_ = 0;
    std::uint64_t bytes_read_ = 0;
    bool at_end_ = false;
    bool blocked_ = false;
    bool closing_ = false;
};

}  // namespace aiomisc::ipc
