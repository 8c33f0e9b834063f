// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

namespace aiomisc {

/// A call in a thread has no result, because of the pool and not of the function: "Pool closed".
class ThreadPoolException : public Error {
public:
    using Error::Error;
};

/// The queue of the pool is at ThreadPoolOptions::max_queue.
class ThreadPoolFull final : public ThreadPoolException {
public:
    using ThreadPoolException::ThreadPoolException;
};

/// The channel was closed; for the loop's side: and is empty.
class ChannelClosed final : public ClosedError {
public:
    ChannelClosed() : ClosedError("channel is closed") {}
};

/// Nothing came through the channel in time.
class ChannelTimeout final : public TimeoutError {
public:
    ChannelTimeout() : TimeoutError("nothing came through the channel in time") {}
};

}  // namespace aiomisc
