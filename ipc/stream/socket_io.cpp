// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/socket_io.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

namespace aiomisc::ipc {

namespace {

/// SCM_MAX_FD of the kernel: whatever a peer attaches fits, and can be closed.
constexpr std::size_t kKernelMaxDescriptors = 253;

void collect(msghdr& message, std::vector<kj::AutoCloseFd>& descriptors) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < count; ++index) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + index * sizeof(int), sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
}

}  // namespace

long receive_some(
    int fd,
    kj::ArrayPtr<kj::byte> space,
    std::size_t max_descriptors,
    std::vector<kj::AutoCloseFd>& descriptors) {
    iovec piece{space.begin(), space.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): the kernel fills what it uses
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kKernelMaxDescriptors * sizeof(int))> control;
    if (max_descriptors > 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
    long count = 0;
    do {
        count = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count >= 0 && max_descriptors > 0) {
        collect(message, descriptors);
    }
    return count;
}

}  // namespace aiomisc::ipc
