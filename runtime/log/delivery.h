// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/sink.h>

#include <atomic>
#include <cstdint>
#include <memory>

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

/// One object for each process, never destroyed, since exit handlers log too. A forked child gets a
/// new one: the locks of the old one may be held by threads it does not have.
template <typename Shared>
Shared& per_process() {
    struct Owned {
        std::uint64_t generation = fork_generation();
        Shared shared;
    };

    static std::atomic<Owned*> current{nullptr};
    for (;;) {
        Owned* there = current.load(std::memory_order_acquire);
        if (there != nullptr && there->generation == fork_generation()) {
            return there->shared;
        }
        auto made = std::make_unique<Owned>();
        if (current.compare_exchange_strong(there, made.get())) {
            return made.release()->shared;
        }
    }
}

}  // namespace aiomisc::log::detail
