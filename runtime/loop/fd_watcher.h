// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/loop/event_loop.h>

namespace aiomisc {

namespace detail {

class UvHandleBase;

}  // namespace detail

/// Calls back while a descriptor is readable or writable. The descriptor stays the caller's.
///
/// Level-triggered: the callback comes again on the next turn for as long as the condition holds.
///
/// Cancel:    stop(), or destruction; no callback comes afterwards.
/// Errors:    SystemError (the descriptor cannot be polled, e.g. a regular file); ClosedError
///            (started after stop(), or after the loop was closed).
/// Affinity:  loop.
/// Idea:      asyncio's loop.add_reader() and add_writer().
class FdWatcher {
public:
    static constexpr unsigned kReadable = 1;
    static constexpr unsigned kWritable = 2;
    /// The peer closed its writing side; reported with, or instead of, kReadable.
    static constexpr unsigned kDisconnected = 4;
    /// The descriptor failed: read or write it to learn why.
    static constexpr unsigned kFailed = 8;

    /// May destroy the watcher; what it throws goes to the loop's exception handler.
    using Callback = UniqueFunction<void(unsigned events)>;

    FdWatcher(EventLoop& loop, int fd);
    FdWatcher(const FdWatcher&) = delete;
    FdWatcher& operator=(const FdWatcher&) = delete;
    ~FdWatcher();

    /// Watches for `events`, replacing what was watched before.
    void start(unsigned events, Callback callback);

    /// Changes what is watched for and keeps the callback.
    void set_events(unsigned events);

    /// For good. From here on the descriptor may be closed; while it is watched it may not.
    void stop() noexcept;

private:
    void apply(unsigned events);
    void fire(unsigned events) noexcept;

    EventLoop& loop_;
    detail::UvHandleBase* handle_ = nullptr;
    Callback callback_;
    bool* destroyed_ = nullptr;  ///< set while the callback runs
    int fd_;
};

/// Waits until `fd` is readable, or at its end, or failed.
///
/// Cancel:    ends at once; nothing was read.
/// Errors:    SystemError (cannot be polled).
Task<> readable(int fd);

/// Waits until `fd` is writable, or failed.
///
/// Cancel:    ends at once; nothing was written.
/// Errors:    SystemError (cannot be polled).
Task<> writable(int fd);

}  // namespace aiomisc
