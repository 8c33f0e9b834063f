// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/reader_watch.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/runtime/sync/event.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

bool has_reader(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

bool is_broken(int fd) {
    pollfd poller{.fd = fd, .events = 0, .revents = 0};
    return ::poll(&poller, 1, 0) == 1 && (poller.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

Task<bool> reader_gone(int fd) {
    if (!has_reader(fd)) {
        co_return false;
    }
    // A descriptor of its own: whoever writes waits for the other one to become writable.
    const UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!own) {
        throw SystemError::from_errno("duplicate descriptor");
    }
    Event changed;
    FdWatcher watcher(EventLoop::current(), own.get());
    watcher.start(FdWatcher::kDisconnected, [&changed](unsigned) { changed.set(); });
    co_await changed.wait();
    co_return is_broken(own.get());
}

}  // namespace aiomisc::cli
