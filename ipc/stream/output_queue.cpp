// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/output_queue.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <kj/debug.h>

#include <sys/socket.h>

namespace aiomisc::ipc {

namespace {

constexpr std::size_t kMaxDescriptors = 16;

void append(std::vector<kj::byte>& to, const void* data, std::size_t size) {
    const auto* bytes = static_cast<const kj::byte*>(data);
    to.insert(to.end(), bytes, bytes + size);
}

/// The pieces of a chunk that are not sent yet.
template <typename Chunk>
std::size_t fill_iovec(const Chunk& chunk, std::array<iovec, 16>& pieces) {
    std::size_t count = 0;
    std::size_t skip = chunk.sent;
    const auto add = [&](const kj::byte* data, std::size_t size) {
        if (skip >= size) {
            skip -= size;
        } else if (count < pieces.size()) {
            // sendmsg() does not write through the pointer.
            pieces[count++] = {const_cast<kj::byte*>(data) + skip, size - skip};  // NOLINT
            skip = 0;
        }
    };
    add(chunk.copied.data(), chunk.copied.size());
    for (const auto& piece : chunk.borrowed) {
        add(piece.begin(), piece.size());
    }
    return count;
}

}  // namespace

kj::Promise<void> OutputQueue::add(
    kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments,
    kj::ArrayPtr<const int> descriptors) {
    const std::vector<std::uint32_t> header = frame_header(segments);
    std::size_t size = header.size() * sizeof(std::uint32_t);
    for (const auto& segment : segments) {
        size += segment.asBytes().size();
    }
    KJ_REQUIRE(size <= limits_.max_message_bytes, "message above the limit of the channel", size);
    KJ_REQUIRE(
        descriptors.size() <= kMaxDescriptors,
        "too many descriptors for one message",
        descriptors.size());

    const bool small = size <= limits_.coalesce_bytes && descriptors.size() == 0;
    const bool joins = small && !chunks_.empty() && chunks_.back().borrowed.empty() &&
                       chunks_.back().descriptors.empty() &&
                       chunks_.back().size < 4 * limits_.coalesce_bytes;
    if (!joins) {
        chunks_.emplace_back();
        if (small) {
            chunks_.back().copied = std::exchange(spare_, {});
            chunks_.back().copied.clear();
        }
    }
    Chunk& chunk = chunks_.back();
    append(chunk.copied, header.data(), header.size() * sizeof(std::uint32_t));
    chunk.size += size;
    if (small) {
        for (const auto& segment : segments) {
            append(chunk.copied, segment.begin(), segment.asBytes().size());
        }
        return kj::READY_NOW;
    }
    for (const auto& segment : segments) {
        chunk.borrowed.push_back(segment.asBytes());
    }
    chunk.descriptors.assign(descriptors.begin(), descriptors.end());
    auto written = kj::newPromiseAndFulfiller<void>();
    chunk.written = kj::mv(written.fulfiller);
    return kj::mv(written.promise);
}

bool OutputQueue::has_waiting_writer() const noexcept {
    return std::any_of(chunks_.begin(), chunks_.end(), [](const Chunk& chunk) {
        return chunk.written != nullptr;
    });
}

long OutputQueue::send_front(int fd) {
    Chunk& chunk = chunks_.front();
    std::array<iovec, 16> pieces{};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = fill_iovec(chunk, pieces);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
    // Descriptors go with the first byte of their message.
    if (chunk.sent == 0 && !chunk.descriptors.empty()) {
        const std::size_t bytes = chunk.descriptors.size() * sizeof(int);
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(bytes);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        std::memcpy(CMSG_DATA(header), chunk.descriptors.data(), bytes);
    }
    long sent = 0;
    do {
        sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

bool OutputQueue::write_to(int fd) {
    while (!chunks_.empty()) {
        const long sent = send_front(fd);
        if (sent < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return false;
            }
            KJ_FAIL_SYSCALL("sendmsg", errno);
        }
        Chunk& chunk = chunks_.front();
        chunk.sent += static_cast<std::size_t>(sent);
        if (chunk.sent < chunk.size) {
            continue;
        }
        KJ_IF_MAYBE (written, chunk.written) {
            (*written)->fulfill();
        }
        spare_ = std::move(chunk.copied);
        chunks_.pop_front();
    }
    return true;
}

void OutputQueue::fail(const kj::Exception& error) {
    for (Chunk& chunk : chunks_) {
        KJ_IF_MAYBE (written, chunk.written) {
            (*written)->reject(kj::cp(error));
        }
    }
    chunks_.clear();
}

}  // namespace aiomisc::ipc
