// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/unique_fd.h>

#include <aiomisc/runtime/base/error.h>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc {

void UniqueFd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) {
        // close() is never retried: on Linux the descriptor is gone even after EINTR.
        ::close(old);
    }
}

UniqueFd UniqueFd::duplicate() const {
    UniqueFd copy(::fcntl(fd_, F_DUPFD_CLOEXEC, 0));
    if (!copy) {
        throw SystemError::from_errno("duplicate descriptor");
    }
    return copy;
}

}  // namespace aiomisc
