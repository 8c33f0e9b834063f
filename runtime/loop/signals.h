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
/// Units:     of each signal, at most kPending wait to be read; further ones of the same number are
///            dropped, as the kernel itself drops a signal that is pending already. However many
///            come of one, none of another is lost.
/// Affinity:  loop.
/// Idea:      asyncio's loop.add_signal_handler().
class Signals {
public:
    /// Two, so that a second SIGINT is one although nobody has read the first.
    static constexpr std::size_t kPending = 2;

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

    Queue<int> received_;  // no limit of its own: kPending of each number
    std::vector<int> signals_;
    std::vector<detail::UvHandleBase*> handles_;
};

/// `SIGINT` for 2; for a number without a name, `signal 99`.
std::string signal_name(int signal);

}  // namespace aiomisc
