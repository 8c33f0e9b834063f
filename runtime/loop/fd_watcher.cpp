// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/fd_watcher.h>

#include "uv_handle.h"

#include <aiomisc/runtime/task/future.h>

#include <string>
#include <utility>

namespace aiomisc {

namespace {

using Handle = detail::UvHandle<uv_poll_t, FdWatcher>;

int to_uv(unsigned events) noexcept {
    return ((events & FdWatcher::kReadable) != 0 ? UV_READABLE : 0) |
           ((events & FdWatcher::kWritable) != 0 ? UV_WRITABLE : 0) |
           ((events & FdWatcher::kDisconnected) != 0 ? UV_DISCONNECT : 0);
}

unsigned from_uv(int status, int events) noexcept {
    if (status < 0) {
        return FdWatcher::kFailed;
    }
    const auto bits = static_cast<unsigned>(events);
    return ((bits & UV_READABLE) != 0 ? FdWatcher::kReadable : 0) |
           ((bits & UV_WRITABLE) != 0 ? FdWatcher::kWritable : 0) |
           ((bits & UV_DISCONNECT) != 0 ? FdWatcher::kDisconnected : 0);
}

Task<> wait_for_events(int fd, unsigned events) {
    FdWatcher watcher(EventLoop::current(), fd);
    Promise<> ready;
    watcher.start(events, [&ready](unsigned) { ready.try_set_value(); });
    co_await ready.get_future();
}

}  // namespace

FdWatcher::FdWatcher(EventLoop& loop, int fd) : loop_(loop), fd_(fd) {
    auto* handle = new Handle(this, &handle_);
    const int status = uv_poll_init(loop.uv_loop(), &handle->uv, fd);
    if (status < 0) {
        // libuv keeps nothing of a handle whose init failed.
        detail::UvHandleBase::destroy_unopened(handle);
        throw SystemError::from_uv(status, "watch descriptor", std::to_string(fd));
    }
    handle_ = handle;
}

FdWatcher::~FdWatcher() {
    if (destroyed_ != nullptr) {
        *destroyed_ = true;
    }
    stop();
}

void FdWatcher::start(unsigned events, Callback callback) {
    callback_ = std::move(callback);
    apply(events);
}

void FdWatcher::set_events(unsigned events) {
    apply(events);
}

void FdWatcher::apply(unsigned events) {
    if (handle_ == nullptr) {
        throw ClosedError(
            "watch descriptor " + std::to_string(fd_) + ": the watcher was stopped, or its loop");
    }
    auto& uv = static_cast<Handle*>(handle_)->uv;
    if (events == 0) {
        uv_poll_stop(&uv);
        return;
    }
    const int status =
        uv_poll_start(&uv, to_uv(events), [](uv_poll_t* poll, int poll_status, int happened) {
            Handle::of(poll).owner->fire(from_uv(poll_status, happened));
        });
    if (status < 0) {
        throw SystemError::from_uv(status, "watch descriptor", std::to_string(fd_));
    }
}

void FdWatcher::fire(unsigned events) noexcept {
    // The callback may replace itself, and destroy this object: it runs from here meanwhile.
    Callback running = std::move(callback_);
    EventLoop& loop = loop_;
    bool destroyed = false;
    destroyed_ = &destroyed;
    try {
        running(events);
    } catch (...) {
        loop.call_exception_handler(
            {"exception in the callback of a descriptor", std::current_exception(), {}});
    }
    if (destroyed) {
        return;
    }
    destroyed_ = nullptr;
    if (!callback_) {
        callback_ = std::move(running);
    }
}

void FdWatcher::stop() noexcept {
    // Not only uv_poll_stop(): closing the handle takes the descriptor out of epoll once more, and
    // by then its number may be that of another one.
    if (handle_ != nullptr) {
        handle_->close();
    }
}

Task<> readable(int fd) {
    return wait_for_events(fd, FdWatcher::kReadable | FdWatcher::kDisconnected);
}

Task<> writable(int fd) {
    return wait_for_events(fd, FdWatcher::kWritable);
}

}  // namespace aiomisc
