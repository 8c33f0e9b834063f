// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/blocking_message_stream.h>

#include <aiomisc/ipc/stream/socket_io.h>

#include <cerrno>
#include <utility>

#include <kj/debug.h>

#include <sys/socket.h>

namespace aiomisc::ipc {

BlockingMessageStream::BlockingMessageStream(UniqueFd socket, const StreamLimits& limits)
    : socket_(std::move(socket)), limits_(limits), decoder_(limits), output_(limits) {}

kj::Promise<BlockingMessageStream::Received> BlockingMessageStream::tryReadMessage(
    kj::ArrayPtr<kj::AutoCloseFd> fd_space,
    capnp::ReaderOptions options,
    kj::ArrayPtr<capnp::word>) {
    KJ_REQUIRE(pending_ == nullptr, "one read at a time");
    if (at_end_ && !decoder_.has_message()) {
        return Received(nullptr);
    }
    // In wait(), even what is here already: the answer to the message before leaves first.
    auto paf = kj::newPromiseAndFulfiller<Received>();
    pending_ = PendingRead{kj::mv(paf.fulfiller), fd_space, options};
    return kj::mv(paf.promise);
}

kj::Promise<void> BlockingMessageStream::writeMessage(
    kj::ArrayPtr<const int> fds, kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
    return output_.add(segments, fds);
}

kj::Promise<void> BlockingMessageStream::writeMessages(
    kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) {
    auto written = kj::Vector<kj::Promise<void>>(messages.size());
    for (auto& message : messages) {
        written.add(writeMessage(nullptr, message));
    }
    return kj::joinPromises(written.releaseAsArray());
}

kj::Maybe<int> BlockingMessageStream::getSendBufferSize() {
    int size = 0;
    socklen_t length = sizeof size;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &size, &length) < 0) {
        return nullptr;
    }
    return size;
}

kj::Promise<void> BlockingMessageStream::end() {
    flush();
    ::shutdown(socket_.get(), SHUT_WR);
    return kj::READY_NOW;
}

void BlockingMessageStream::flush() {
    output_.write_to(socket_.get());
}

bool BlockingMessageStream::wait() {
    const bool writer_waits = output_.has_waiting_writer();
    flush();
    // A writer that waited goes on now, and may write more, before we block.
    if (!writer_waits) {
        read_once();
    }
    return false;
}

bool BlockingMessageStream::poll() {
    return false;
}

void BlockingMessageStream::read_once() {
    KJ_IF_MAYBE (pending, pending_) {
        while (!decoder_.has_message() && !at_end_) {
            std::vector<kj::AutoCloseFd> descriptors;
            const long count =
                receive_some(socket_.get(), decoder_.space(), limits_.max_descriptors, descriptors);
            if (count < 0) {
                KJ_FAIL_SYSCALL("recvmsg", errno);
            }
            if (count == 0) {
                at_end_ = true;
            } else {
                decoder_.filled(static_cast<std::size_t>(count), std::move(descriptors));
            }
        }
        PendingRead read = kj::mv(*pending);
        pending_ = nullptr;
        read.fulfiller->fulfill(
            decoder_.has_message() ? Received(decoder_.take_into(read.fd_space, read.options))
                                   : Received(nullptr));
    } else {
        KJ_FAIL_REQUIRE("the worker's channel waits for nothing: no call is being read");
    }
}

}  // namespace aiomisc::ipc
