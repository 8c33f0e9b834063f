// SPDX-License-Identifier: MIT
#include <aiomisc/cli/output/sink.h>

#include <cerrno>
#include <climits>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

bool is_file(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

bool is_writable(int fd) {
    pollfd poller{.fd = fd, .events = POLLOUT, .revents = 0};
    return ::poll(&poller, 1, 0) != 0;  // an error is found by writing
}

}  // namespace

FdSink::FdSink(int fd) : fd_(fd), may_block_(!is_file(fd)) {}

std::size_t FdSink::write_some(std::string_view bytes) {
    if (may_block_) {
        if (!is_writable(fd_)) {
            return 0;
        }
        bytes = bytes.substr(0, PIPE_BUF);
    }
    while (true) {
        const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno == EAGAIN) {
            return 0;  // somebody else made it non-blocking
        }
        if (errno == EPIPE) {
            throw ReaderGone("nobody reads the output any more");
        }
        if (errno != EINTR) {
            throw SystemError::from_errno("write", fd_ == STDERR_FILENO ? "stderr" : "stdout");
        }
    }
}

}  // namespace aiomisc::cli
