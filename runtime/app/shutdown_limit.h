// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/loop/event_loop.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace aiomisc::detail {

/// Holds a shutdown to its limit, whatever its loop does: a thread of its own keeps the time.
///
/// When the limit has passed, `cancel` is called on the loop. If this object still lives a second
/// later, the process ends with kShutdownTimedOut: something swallows cancellation, or blocks the
/// loop's thread.
class ShutdownLimit {
public:
    ShutdownLimit(EventLoop& loop, Duration limit, UniqueFunction<void()> cancel);
    ShutdownLimit(const ShutdownLimit&) = delete;
    ShutdownLimit& operator=(const ShutdownLimit&) = delete;

    /// The shutdown is over.
    ~ShutdownLimit();

private:
    void watch(EventLoop& loop, Duration limit, UniqueFunction<void()> cancel);
    bool over_within(Duration time);

    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace aiomisc::detail
