// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/operation.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/thread/channel_core.h>
#include <aiomisc/runtime/thread/iterator_options.h>
#include <aiomisc/runtime/thread/producer.h>
#include <aiomisc/runtime/thread/thread_call.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace aiomisc::detail {

/// Closes a channel when it dies: whichever way its producer ended.
class CloseAtEnd {
public:
    explicit CloseAtEnd(ChannelBase& channel) noexcept : channel_(channel) {}

    CloseAtEnd(const CloseAtEnd&) = delete;
    CloseAtEnd& operator=(const CloseAtEnd&) = delete;

    ~CloseAtEnd() { channel_.close(); }

private:
    ChannelBase& channel_;
};

/// What the producer's thread shares with the iterator.
template <typename Value>
struct IteratorLink {
    IteratorLink(std::size_t max_size, std::string statistic_name)
        : channel(std::make_shared<ChannelCore<Value>>(max_size)),
          statistic(std::move(statistic_name)) {
        statistic.queue_size = static_cast<double>(max_size);
    }

    /// Runs the producer, unless the iterator was closed before. Affinity: the thread.
    void produce(Producer<Value> producer) {
        if (begun.exchange(true)) {
            return;  // close() came first
        }

        const CloseAtEnd end(*channel);
        Yield<Value> yield([this](Value&& item) {
            channel->put(std::move(item));
            ++statistic.enqueued;
            ++statistic.queue_length;
        });
        try {
            producer(yield);
        } catch (const ChannelClosed&) {
            if (!channel->closed()) {
                throw;  // of another channel
            }
        }
    }

    std::shared_ptr<ChannelCore<Value>> channel;
    IteratorWrapperStatistic statistic;
    /// Whoever sets it first wins: the thread runs the producer, or close() prevents it.
    std::atomic<bool> begun = false;
};

/// The loop's side of an iterator: shared by it and the tasks in next() or close().
///
/// Affinity:  loop.
template <typename Value>
class IteratorState final : private CompletionObserver {
public:
    using Call = std::shared_ptr<ThreadCallOf<void>>;
    using Launch = UniqueFunction<Future<>(Call)>;

    IteratorState(Producer<Value> producer, const IteratorOptions& options, Launch launch)
        : link_(std::make_shared<IteratorLink<Value>>(
              iterator_size(options), options.statistic_name)),
          launch_(std::move(launch)),
          call_(std::make_shared<ThreadCallOf<void>>(
              UniqueFunction<void()>([link = link_, producer = std::move(producer)]() mutable {
                  link->produce(std::move(producer));
              }))) {}

    IteratorState(const IteratorState&) = delete;
    IteratorState& operator=(const IteratorState&) = delete;

    ~IteratorState() { link_->channel->detach(); }

    void start() {
        if (!call_) {
            return;
        }
        try {
            thread_ = launch_(std::exchange(call_, nullptr));
        } catch (...) {
            link_->channel->close();  // what will not start has ended
            throw;
        }
        // When the pool or the loop ends first, the producer must not wait for room.
        thread_.state()->observe(*this);
        ++link_->statistic.started;
    }

    auto get() {
        return Operation<
            Value,
            typename ChannelCore<Value>::Getting,
            std::shared_ptr<ChannelCore<Value>>,
            std::optional<Duration>>(link_->channel, std::nullopt);
    }

    void count_yielded() noexcept {
        ++link_->statistic.yielded;
        --link_->statistic.queue_length;
    }

    /// Nothing more comes in; the producer learns it from its next item.
    void request_close() noexcept {
        call_ = nullptr;
        link_->channel->close();
        if (thread_ && !link_->begun.exchange(true)) {
            thread_.cancel();  // still queued
        }
    }

    /// What to wait for until the thread has ended; null if there is none.
    [[nodiscard]] Reference<Completion> thread() const noexcept {
        return Reference<Completion>(thread_.state().get());
    }

    /// How the producer ended, to the first who asks.
    /// Errors: what it threw.
    void take_outcome() {
        if (thread_ && !std::exchange(outcome_taken_, true) && !thread_.cancelled()) {
            thread_.result();
        }
    }

private:
    void on_completed(Completion&) noexcept override { link_->channel->close(); }

    std::shared_ptr<IteratorLink<Value>> link_;
    Launch launch_;
    Call call_;  ///< until it starts
    Future<> thread_;
    bool outcome_taken_ = false;
};

template <typename Value>
Task<std::optional<Value>> next_item(std::shared_ptr<IteratorState<Value>> state) {
    state->start();
    try {
        auto item = state->get();
        std::optional<Value> value(co_await item);
        state->count_yielded();
        co_return value;
    } catch (const ChannelClosed&) {  // NOLINT(bugprone-empty-catch): the end, see below
    }
    if (const Reference<Completion> thread = state->thread()) {
        co_await ShieldWaiter(thread);
    }
    state->take_outcome();
    co_return std::nullopt;
}

template <typename Value>
Task<> wait_for_producer(std::shared_ptr<IteratorState<Value>> state) {
    if (const Reference<Completion> thread = state->thread()) {
        co_await ShieldWaiter(thread);
    }
}

}  // namespace aiomisc::detail
