// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/stream/frame.h>
#include <aiomisc/ipc/stream/output_queue.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <capnp/serialize-async.h>
#include <kj/async.h>

namespace aiomisc::ipc {

/// Cap'n Proto messages over a blocking socket: the worker's end of a channel.
///
/// It is the event port of the worker's KJ loop: when KJ has nothing left to run, what was written
/// leaves, and one blocking read waits for the next call. No epoll, no loop of ours: one process,
/// one channel.
///
/// A message is given out only after everything that was written is sent: a call is not begun while
/// the answer to the one before is here. Cap'n Proto 1 alone would keep answers until it has
/// nothing else to do.
///
/// Affinity:  fork-child.
class BlockingMessageStream final : public capnp::MessageStream, public kj::EventPort {
public:
    explicit BlockingMessageStream(UniqueFd socket, const StreamLimits& limits = {});
    BlockingMessageStream(const BlockingMessageStream&) = delete;
    BlockingMessageStream& operator=(const BlockingMessageStream&) = delete;
    ~BlockingMessageStream() noexcept = default;

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

    bool wait() override;
    bool poll() override;

    /// Sends what was written.
    /// Errors: kj::Exception DISCONNECTED (the parent is gone).
    void flush();

    /// The parent closed the channel.
    [[nodiscard]] bool at_end() const noexcept { return at_end_; }

private:
    using Received = kj::Maybe<capnp::MessageReaderAndFds>;

    struct PendingRead {
        kj::Own<kj::PromiseFulfiller<Received>> fulfiller;
        kj::ArrayPtr<kj::AutoCloseFd> fd_space;
        capnp::ReaderOptions options;
    };

    void read_once();

    UniqueFd socket_;
    StreamLimits limits_;
    FrameDecoder decoder_;
    OutputQueue output_;
    kj::Maybe<PendingRead> pending_;
    bool at_end_ = false;
};

}  // namespace aiomisc::ipc
