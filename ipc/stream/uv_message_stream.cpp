// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/uv_message_stream.h>

#include <aiomisc/ipc/stream/socket_io.h>

#include <cerrno>
#include <utility>

#include <kj/debug.h>

#include <fcntl.h>
#include <sys/socket.h>

namespace aiomisc::ipc {

namespace {

void set_nonblocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        throw SystemError::from_errno("make socket non-blocking");
    }
}

}  // namespace

UvMessageStream::UvMessageStream(
    EventLoop& loop, UniqueFd socket, const StreamLimits& limits, MessageCheck check)
    : loop_(loop),
      socket_(std::move(socket)),
      limits_(limits),
      check_(check),
      decoder_(limits),
      output_(limits),
      watcher_(loop, socket_.get()) {
    set_nonblocking(socket_.get());
    watcher_.start(FdWatcher::kReadable, [this](unsigned events) { on_events(events); });
    watched_ = FdWatcher::kReadable;
}

UvMessageStream::~UvMessageStream() noexcept {
    loop_.cancel_before_poll(*this);
}

kj::Promise<UvMessageStream::Received> UvMessageStream::tryReadMessage(
    kj::ArrayPtr<kj::AutoCloseFd> fd_space,
    capnp::ReaderOptions options,
    kj::ArrayPtr<capnp::word>) {
    KJ_REQUIRE(pending_ == nullptr, "one read at a time");
    if (error_ == nullptr && decoder_.has_message()) {
        Received received = nullptr;
        auto failed = kj::runCatchingExceptions([&] { received = take(fd_space, options); });
        KJ_IF_MAYBE (exception, failed) {
            fail(kj::mv(*exception));
        } else {
            return kj::mv(received);
        }
    }
    KJ_IF_MAYBE (error, error_) {
        return kj::cp(*error);
    }
    if (at_end_) {
        return Received(nullptr);
    }
    auto paf = kj::newPromiseAndFulfiller<Received>();
    pending_ = PendingRead{kj::mv(paf.fulfiller), fd_space, options};
    watch();
    if (write_error_ != nullptr) {
        loop_.before_poll(*this);  // no event may come any more
    }
    return kj::mv(paf.promise);
}

kj::Promise<void> UvMessageStream::writeMessage(
    kj::ArrayPtr<const int> fds, kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
    KJ_IF_MAYBE (error, error_) {
        return kj::cp(*error);
    }
    if (closing_ || write_error_ != nullptr) {
        // The peer was told that nothing comes any more, or does not listen; RPC still acknowledges
        // what it answers. A failure would make RPC stop reading: the reading side tells the end.
        return kj::READY_NOW;
    }
    auto written = output_.add(segments, fds);
    if (!blocked_) {
        loop_.before_poll(*this);
    }
    return written;
}

kj::Promise<void> UvMessageStream::writeMessages(
    kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) {
    auto written = kj::Vector<kj::Promise<void>>(messages.size());
    for (auto& message : messages) {
        written.add(writeMessage(nullptr, message));
    }
    return kj::joinPromises(written.releaseAsArray());
}

kj::Maybe<int> UvMessageStream::getSendBufferSize() {
    int size = 0;
    socklen_t length = sizeof size;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &size, &length) < 0) {
        return nullptr;
    }
    return size;
}

kj::Promise<void> UvMessageStream::end() {
    shutdown();
    return kj::READY_NOW;
}

void UvMessageStream::shutdown() noexcept {
    closing_ = true;
    if (output_.empty()) {
        ::shutdown(socket_.get(), SHUT_WR);
    } else if (!blocked_) {
        loop_.before_poll(*this);
    }
}

bool UvMessageStream::peer_gone() const noexcept {
    KJ_IF_MAYBE (error, error_) {
        return error->getType() == kj::Exception::Type::DISCONNECTED;
    }
    return at_end_;
}

void UvMessageStream::run() noexcept {
    if (write_error_ == nullptr) {
        write_queued();
    } else {
        read_guarded();
    }
}

void UvMessageStream::write_queued() {
    auto failed =
        kj::runCatchingExceptions([this] { blocked_ = !output_.write_to(socket_.get()); });
    KJ_IF_MAYBE (exception, failed) {
        on_write_error(kj::mv(*exception));
        return;
    }
    if (closing_ && !blocked_) {
        ::shutdown(socket_.get(), SHUT_WR);
    }
    watch();
}

/// The peer takes nothing any more. What it sent before it died is still in the socket, and counts:
/// the connection ends when that is read, and so do the writers that wait.
void UvMessageStream::on_write_error(kj::Exception error) {
    blocked_ = false;
    write_error_ = kj::mv(error);
    loop_.before_poll(*this);
}

void UvMessageStream::on_events(unsigned events) {
    if ((events & FdWatcher::kWritable) != 0 && write_error_ == nullptr) {
        write_queued();
    }
    if ((events & (FdWatcher::kReadable | FdWatcher::kFailed)) != 0) {
        read_guarded();
    }
}

void UvMessageStream::read_guarded() {
    auto failed = kj::runCatchingExceptions([this] { read_available(); });
    KJ_IF_MAYBE (exception, failed) {
        fail(kj::mv(*exception));
    }
}

void UvMessageStream::read_available() {
    const kj::ArrayPtr<kj::byte> space = decoder_.space();
    if (at_end_ || error_ != nullptr || space.size() == 0) {
        watch();
        return;
    }
    std::vector<kj::AutoCloseFd> descriptors;
    const long count = receive_some(socket_.get(), space, limits_.max_descriptors, descriptors);
    if (count < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            KJ_IF_MAYBE (error, write_error_) {
                // It is alive, and does not listen.
                kj::throwFatalException(KJ_EXCEPTION(
                    DISCONNECTED, "peer cannot be written to", error->getDescription()));
            }
            return;
        }
        KJ_FAIL_SYSCALL("recvmsg", errno);
    }
    if (count == 0) {
        at_end_ = true;
        if (decoder_.in_message()) {
            kj::throwFatalException(
                KJ_EXCEPTION(DISCONNECTED, "connection ended inside a message"));
        }
    } else {
        bytes_read_ += static_cast<std::uint64_t>(count);
        decoder_.filled(static_cast<std::size_t>(count), std::move(descriptors));
    }
    deliver();
    watch();
    KJ_IF_MAYBE (error, write_error_) {
        if (at_end_) {
            output_.fail(*error);
        } else if (pending_ != nullptr) {
            loop_.before_poll(*this);
        }
    }
}

void UvMessageStream::deliver() {
    KJ_IF_MAYBE (pending, pending_) {
        if (decoder_.has_message() || at_end_) {
            Received received = nullptr;
            if (decoder_.has_message()) {
                received = take(pending->fd_space, pending->options);
            }
            auto fulfiller = kj::mv(pending->fulfiller);
            pending_ = nullptr;
            fulfiller->fulfill(kj::mv(received));
        }
    }
}

UvMessageStream::Received UvMessageStream::take(
    kj::ArrayPtr<kj::AutoCloseFd> fd_space, capnp::ReaderOptions options) {
    auto message = decoder_.take_into(fd_space, options);
    if (check_ != nullptr) {
        check_(*message.reader);
    }
    return Received(kj::mv(message));
}

void UvMessageStream::fail(kj::Exception error) {
    output_.fail(error);
    KJ_IF_MAYBE (pending, pending_) {
        PendingRead read = kj::mv(*pending);
        pending_ = nullptr;
        read.fulfiller->reject(kj::cp(error));
    }
    if (error_ == nullptr) {
        error_ = kj::mv(error);
    }
    watch();
}

void UvMessageStream::watch() {
    unsigned wanted = 0;
    if (error_ == nullptr) {
        // A complete message nobody took yet: let the peer wait, its socket buffer bounds it.
        wanted = (at_end_ || decoder_.has_message() ? 0 : FdWatcher::kReadable) |
                 (blocked_ ? FdWatcher::kWritable : 0);
    }
    if (wanted != watched_) {
        watched_ = wanted;
        watcher_.set_events(wanted);
    }
}

}  // namespace aiomisc::ipc
