// SPDX-License-Identifier: MIT
#include "output_pipe.h"

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

/// Reads per event: a worker that writes without end must not starve the loop.
constexpr int kReadsPerEvent = 4;

}  // namespace

OutputPipe::OutputPipe(EventLoop& loop, UniqueFd reading_end, Handler handler, Around around)
    : fd_(std::move(reading_end)),
      watcher_(loop, fd_.get()),
      handler_(std::move(handler)),
      around_(std::move(around)),
      buffer_(kReadBytes) {
    if (::fcntl(fd_.get(), F_SETFL, O_NONBLOCK) < 0) {
        throw SystemError::from_errno("make pipe non-blocking");
    }
    watcher_.start(FdWatcher::kReadable, [this](unsigned) {
        for (int reads = 0; reads < kReadsPerEvent && read_once() == buffer_.size(); ++reads) {
        }
    });
}

std::size_t OutputPipe::read_once() noexcept {
    if (at_end_) {
        return 0;
    }
    ssize_t count = 0;
    if (around_) {
        around_(true);
    }
    do {
        count = ::read(fd_.get(), buffer_.data(), buffer_.size());
    } while (count < 0 && errno == EINTR);
    const int error = errno;
    if (around_) {
        around_(false);
    }
    if (count > 0) {
        handler_(std::span<const std::byte>(buffer_.data(), static_cast<std::size_t>(count)));
        return static_cast<std::size_t>(count);
    }
    if (count == 0 || (error != EAGAIN && error != EWOULDBLOCK)) {
        at_end_ = true;
        watcher_.stop();
    }
    return 0;
}

void OutputPipe::drain() noexcept {
    // What is there now, and no more: another process of the task may go on writing for ever.
    int waiting = 0;
    if (::ioctl(fd_.get(), FIONREAD, &waiting) < 0) {
        waiting = 0;
    }
    for (auto left = static_cast<std::size_t>(waiting); left > 0;) {
        const std::size_t count = read_once();
        if (count == 0) {
            return;
        }
        left -= std::min(left, count);
    }
}

}  // namespace aiomisc::detail
