// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/numbered_items.h>
#include <aiomisc/runtime/sync/wait_list.h>
#include <aiomisc/runtime/task/timer_queue.h>
#include <aiomisc/runtime/thread/loop_bound.h>
#include <aiomisc/runtime/thread/thread_errors.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace aiomisc::detail {

/// Design of channels
///
/// Items are in a queue under a mutex. A thread that finds it full sleeps on a condition. A task
/// that finds it empty waits in a WaitList, and says so (`wanted`): the next thread that puts or
/// closes posts one call to the loop, which serves all tasks that wait. Nothing polls, and while
/// the loop keeps up with nothing to wait for, nothing is posted.
///
/// Threads and the loop share the core, so that neither minds the end of the other. The close of
/// the loop closes the channel: nobody else would wake a thread that waits for room.
class ChannelBase : public std::enable_shared_from_this<ChannelBase>, private LoopBound {
public:
    explicit ChannelBase(std::size_t max_size) noexcept : max_size_(max_size) {}

    ChannelBase(const ChannelBase&) = delete;
    ChannelBase& operator=(const ChannelBase&) = delete;
    virtual ~ChannelBase() = default;

    /// Affinity: any thread.
    void close() noexcept;

    [[nodiscard]] bool closed() const;

    [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

    /// Ties the channel to the loop that runs here, and reads it.
    /// Errors: InvalidStateError (another loop reads it; no EventLoop runs in this thread).
    void attach();

    /// The same, if an EventLoop runs here.
    void attach_if_running();

    /// Closes it, and lets go of the loop: the reader is gone.
    void detach() noexcept;

    /// Gives items to the tasks that wait. Affinity: loop.
    virtual void serve() = 0;

    [[nodiscard]] WaitList& getters() noexcept { return getters_; }

protected:
    /// Under `lock`: waits until there may be room.
    /// Errors: InvalidStateError (the loop's own thread, which alone makes room).
    void wait_for_room(std::unique_lock<std::mutex>& lock);

    /// Posts serve() to the loop if tasks wait; releases the lock.
    void notify_loop(std::unique_lock<std::mutex> lock) noexcept;

    mutable std::mutex mutex_;
    std::condition_variable room_;
    bool wanted_ = false;  // guarded by mutex_; tasks wait, and serve() is not posted yet
    bool closed_ = false;  // guarded by mutex_

private:
    void loop_closed() noexcept override;

    const std::size_t max_size_;
    LoopRef loop_;      // guarded by mutex_; written once
    WaitList getters_;  // of the loop's thread
};

template <typename Value>
class ChannelCore final : public ChannelBase {
public:
    class Getting;
    using Item = typename NumberedItems<Value>::Item;

    using ChannelBase::ChannelBase;

    /// Affinity: any thread but the loop's.
    void put(Value&& value) {
        std::unique_lock lock(mutex_);
        while (!closed_ && is_full()) {
            wait_for_room(lock);
        }
        if (closed_) {
            throw ChannelClosed();
        }
        items_.push_back(items_.number(std::move(value)));
        notify_loop(std::move(lock));
    }

    /// The oldest item if no task waits for it; `ended` is set when there will be none.
    std::optional<Item> try_get(bool& ended) {
        std::optional<Item> item;
        const std::unique_lock lock(mutex_);
        if (!getters().empty()) {
            return item;
        }
        if (!items_.empty()) {
            item.emplace(pop());
        } else {
            ended = closed_;
        }
        return item;
    }

    void serve() override;

    /// Puts an item in again that was given to a task, but not taken.
    void put_back(Item&& item) {
        {
            const std::lock_guard lock(mutex_);
            items_.put_back(std::move(item));
        }
        serve();
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }

private:
    [[nodiscard]] bool is_full() const noexcept {
        return max_size() > 0 && items_.size() >= max_size();
    }

    /// Under the lock.
    Item pop() {
        Item item = items_.pop_front();
        if (!is_full()) {
            room_.notify_one();
        }
        return item;
    }

    NumberedItems<Value> items_;  // guarded by mutex_
};

/// A task that waits for an item.
template <typename Value>
class ChannelCore<Value>::Getting final : public ListWaiter, private TimerNode {
public:
    Getting(std::shared_ptr<ChannelCore> channel, std::optional<Duration> timeout) noexcept
        : ListWaiter(channel->getters()), channel_(std::move(channel)), timeout_(timeout) {}

    Getting(const Getting&) = delete;
    Getting& operator=(const Getting&) = delete;

    ~Getting() { stop_timer(); }

    [[nodiscard]] bool await_ready() {
        channel_->attach();
        bool ended = false;
        item = channel_->try_get(ended);
        if (!item && !ended && timeout_ && *timeout_ <= Duration::zero()) {
            timed_out_ = true;
        }
        return item || ended || timed_out_;
    }

    Value await_resume() {
        stop_timer();
        if (resumed()) {
            if (item) {
                channel_->put_back(std::move(*item));
            }
            throw_cancelled();
        }
        if (item) {
            return std::move(item->value);
        }
        if (timed_out_) {
            throw ChannelTimeout();
        }
        throw ChannelClosed();
    }

    /// What was handed over.
    std::optional<Item> item;

private:
    void park() override {
        ListWaiter::park();
        if (timeout_) {
            scheduler().arm(*this, deadline_after(scheduler().now(), *timeout_));
        }
        channel_->serve();  // something may have come since await_ready()
    }

    bool unpark(CancelReason reason) noexcept override {
        stop_timer();
        return ListWaiter::unpark(reason);
    }

    void expire() noexcept override {
        if (!woken()) {
            timed_out_ = true;
            channel_->getters().wake(*this);
        }
    }

    void stop_timer() noexcept {
        if (armed()) {
            scheduler().disarm(*this);
        }
    }

    std::shared_ptr<ChannelCore> channel_;
    std::optional<Duration> timeout_;
    bool timed_out_ = false;
};

template <typename Value>
void ChannelCore<Value>::serve() {
    const std::lock_guard lock(mutex_);
    while (ListWaiter* getter = getters().first()) {
        if (!items_.empty()) {
            static_cast<Getting&>(*getter).item.emplace(pop());
            getters().grant(*getter);
        } else if (closed_) {
            getters().wake(*getter);
        } else {
            break;
        }
    }
    wanted_ = !getters().empty();
}

}  // namespace aiomisc::detail
