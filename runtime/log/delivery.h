// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/sink.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace aiomisc::log::detail {

/// Marks, for the calling thread, that it is inside of a sink, as long as it lives. What the sink
/// logs is kept from it, or it would never end.
class InsideSink {
public:
    explicit InsideSink(const Sink* sink) noexcept : InsideSink(sink, nested()) {}

    InsideSink(const Sink* sink, bool nested) noexcept;
    InsideSink(const InsideSink&) = delete;
    InsideSink& operator=(const InsideSink&) = delete;
    ~InsideSink();

    /// Of null: whether it is inside of any.
    static bool contains(const Sink* sink) noexcept;

    /// Whether the record that this thread delivers was logged inside of a sink. Such a thread
    /// never waits without a limit: two sinks that log would wait for each other.
    static bool nested() noexcept;

private:
    const Sink* sink_;
    bool nested_;
    const InsideSink* outer_;
};

/// Tells a sink how many records it did not get.
void emit_dropped(Sink& sink, std::uint64_t dropped);

/// Not locked when others held it for the 200 ms that this waits.
std::unique_lock<std::mutex> lock_in_time(std::mutex& mutex);

/// To deliver a record: waits for ever, or for a nested one as long as lock_in_time().
std::unique_lock<std::mutex> lock_for_record(std::mutex& mutex);

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

/// Held in calls of the C library that lock something of its own which fork() does not see to (time
/// zone, syslog), and by fork(): the child would find it locked by a thread it does not have.
inline std::mutex& c_library_mutex() {
    struct CLibrary {
        std::mutex mutex;
    };

    return per_process<CLibrary>().mutex;
}

}  // namespace aiomisc::log::detail
