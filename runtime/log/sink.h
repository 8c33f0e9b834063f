// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/record.h>

namespace aiomisc::log {

/// Where records go. Derive from it for a target of your own, and give it to basic_config().
///
///     class Counter final : public log::Sink {
///     public:
///         void emit(const log::Record& record) override { ++counts_[record.level]; }
///     };
///
/// It is called by one thread at a time: under a lock by the thread that logs, or by the thread of
/// the buffer. What it throws is swallowed, and counted by a ThreadedHandler. What it logs itself
/// goes to the other sinks, not to it.
///
/// Affinity:  any thread.
/// Idea:      logging.Handler.
class Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    virtual void emit(const Record& record) = 0;

    /// Passes on what emit() kept back.
    virtual void flush() {}

    /// Asks an emit() or flush() that waits for its target, in another thread, to give up soon: the
    /// sink is to be closed. What could not be written is lost.
    virtual void interrupt() noexcept {}
};

}  // namespace aiomisc::log
