// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/stream/frame.h>

#include <deque>
#include <vector>

#include <kj/async.h>

#include <sys/uio.h>

namespace aiomisc::ipc {

/// What waits to be written to a channel, in order.
///
/// Small messages are copied one behind the other, so that all of one turn leave with one system
/// call, and their writers go on at once. Large ones stay where they are; their writer waits until
/// they are out. Cap'n Proto RPC has at most one write outstanding, so the memory here is bounded
/// by the coalescing buffer and one message.
class OutputQueue {
public:
    explicit OutputQueue(const StreamLimits& limits) : limits_(limits) {}

    /// Appends one message. The segments stay valid until the promise resolves.
    kj::Promise<void> add(
        kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments,
        kj::ArrayPtr<const int> descriptors);

    [[nodiscard]] bool empty() const noexcept { return chunks_.empty(); }

    /// Whether a writer of a large message waits until it is out.
    [[nodiscard]] bool has_waiting_writer() const noexcept;

    /// Writes as much as `fd` takes.
    /// Returns: true if everything is out; false if `fd` would block.
    /// Errors: kj::Exception DISCONNECTED (the peer is gone).
    bool write_to(int fd);

    /// Fails the writers that wait.
    void fail(const kj::Exception& error);

private:
    struct Chunk {
        std::vector<kj::byte>
            copied;  // bytes of our own: small messages, or the header of a large one
        std::vector<kj::ArrayPtr<const kj::byte>> borrowed;
        std::vector<int> descriptors;
        kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> written;
        std::size_t sent = 0;
        std::size_t size = 0;
    };

    long send_front(int fd);

    StreamLimits limits_;
    std::deque<Chunk> chunks_;
    std::vector<kj::byte> spare_;
};

}  // namespace aiomisc::ipc
