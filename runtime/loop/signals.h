// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/queue.h>

#include <cstddef>
#include <vector>

namespace aiomisc {

namespace detail {

class UvHandleBase;

}  // namespace detail

/// Signals of the process as something to await.
///
///     Signals signals(loop, {SIGINT, SIGTERM});
///     const int signal = co_await signals.next();
///
/// While it lives, the signals do nothing but arrive here; several such objects may watch the same
/// signal, and each gets it. Afterwards the handlers that were installed before are back.
///
/// Units:     at most kCapacity signals wait to be read; further ones are dropped, as the kernel
///            itself drops a signal that is pending already.
/// Affinity:  loop.
/// Idea:      asyncio's loop.add_signal_handler().
class Signals {
public:
    static constexpr std::size_t kCapacity = 64;

    /// Errors: SystemError (a signal that cannot be caught).
    Signals(EventLoop& loop, std::vector<int> signals);
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

    /// The number of the next signal.
    ///
    /// Cancel:    ends at once; no signal was consumed.
    /// Errors:    QueueClosed (this object was destroyed meanwhile).
    auto next() { return received_.get(); }

private:
    void watch(EventLoop& loop, int signal, detail::UvHandleBase*& handle);
    void unwatch_all() noexcept;

    Queue<int> received_{kCapacity};
    std::vector<int> signals_;
    std::vector<detail::UvHandleBase*> handles_;
};

/// `SIGINT` for 2; for a number without a name, `signal 99`.
std::string signal_name(int signal);

}  // namespace aiomisc
