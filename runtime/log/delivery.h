// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/sink.h>

#include <cstdint>

namespace aiomisc::log::detail {

/// Marks, for the calling thread, that it is inside of a sink, as long as it lives. What the sink
/// logs is kept from it, or it would never end.
class InsideSink {
public:
    explicit InsideSink(const Sink* sink) noexcept;
    InsideSink(const InsideSink&) = delete;
    InsideSink& operator=(const InsideSink&) = delete;
    ~InsideSink();

    static bool contains(const Sink* sink) noexcept;

private:
    const Sink* sink_;
    const InsideSink* outer_;
};

/// How often fork() was called on the way from the first process to this one. Threads and locks of
/// another generation are not there any more.
std::uint64_t fork_generation() noexcept;

}  // namespace aiomisc::log::detail
