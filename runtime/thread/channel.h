// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/operation.h>
#include <aiomisc/runtime/thread/channel_core.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace aiomisc {

/// Items from threads to one loop, first in first out, with room for `max_size` of them.
///
/// The channel belongs to the loop's side, and closes when it dies. Threads that may outlive it get
/// a sender(). Nothing polls: an item wakes the task that waits for it, and room wakes a thread.
///
/// Closing it, from either side, ends it: put() throws at once, get() when all items are taken. So
/// does the close of the loop that reads it.
///
/// Params:    `max_size` 0 means no limit.
/// Affinity:  get(), and the destructor: the loop that ran where it was made; if none did, the one
///            that calls get() first. put(), close(): any thread.
/// Idea:      aiomisc.FromThreadChannel.
/// Example:   tests/unit/runtime/thread/channel_test.cpp
template <typename Value>
class FromThreadChannel {
    using Core = detail::ChannelCore<Value>;

public:
    /// The side of the threads: copies of it outlive the channel.
    ///
    /// Affinity:  any thread.
    class Sender {
    public:
        /// As FromThreadChannel::put().
        void put(Value value) { core_->put(std::move(value)); }

        void close() noexcept { core_->close(); }

        [[nodiscard]] bool closed() const { return core_->closed(); }

    private:
        friend class FromThreadChannel;

        explicit Sender(std::shared_ptr<Core> core) : core_(std::move(core)) {}

        std::shared_ptr<Core> core_;
    };

    explicit FromThreadChannel(std::size_t max_size = 0) : core_(std::make_shared<Core>(max_size)) {
        core_->attach_if_running();
    }

    FromThreadChannel(const FromThreadChannel&) = delete;
    FromThreadChannel& operator=(const FromThreadChannel&) = delete;

    ~FromThreadChannel() { core_->detach(); }

    [[nodiscard]] Sender sender() const { return Sender(core_); }

    /// Puts an item in; blocks the thread until there is room.
    ///
    /// Errors:    ChannelClosed, also while it waits; InvalidStateError (full, and this is the
    ///            loop's own thread).
    /// Affinity:  any thread.
    void put(Value value) { core_->put(std::move(value)); }

    /// Takes the oldest item out, when there is one.
    ///
    /// Params:    `timeout` none means no limit; zero or less: only what is there.
    /// Cancel:    no item was taken.
    /// Errors:    ChannelClosed (closed, and empty); ChannelTimeout; InvalidStateError (another
    ///            loop reads it; no EventLoop runs in this thread).
    /// Affinity:  loop.
    auto get(std::optional<Duration> timeout = std::nullopt) {
        return detail::Operation<
            Value,
            typename Core::Getting,
            std::shared_ptr<Core>,
            std::optional<Duration>>(core_, timeout);
    }

    /// Nothing more comes in. Idempotent.
    void close() noexcept { core_->close(); }

    [[nodiscard]] bool closed() const { return core_->closed(); }

    /// A momentary number: threads go on putting.
    [[nodiscard]] std::size_t size() const { return core_->size(); }

    [[nodiscard]] std::size_t max_size() const noexcept { return core_->max_size(); }

private:
    std::shared_ptr<Core> core_;
};

}  // namespace aiomisc
