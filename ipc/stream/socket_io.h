// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include <kj/array.h>
#include <kj/io.h>

namespace aiomisc::ipc {

/// One recvmsg(), repeated after EINTR.
///
/// Returns: bytes read, 0 at the end of the stream, -1 with errno set. Descriptors are received
/// only if `max_descriptors` is not 0; otherwise the kernel closes any the peer attached.
long receive_some(
    int fd,
    kj::ArrayPtr<kj::byte> space,
    std::size_t max_descriptors,
    std::vector<kj::AutoCloseFd>& descriptors);

}  // namespace aiomisc::ipc
