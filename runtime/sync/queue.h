// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/sync/numbered_items.h>
#include <aiomisc/runtime/sync/wait_list.h>

#include <cstddef>
#include <optional>
#include <utility>

namespace aiomisc {

/// The queue was closed; for a getter: and is empty.
class QueueClosed : public ClosedError {
public:
    QueueClosed() : ClosedError("queue is closed") {}
};

/// Items from producers to consumers, first in first out, with room for `max_size` of them.
///
/// Producers and consumers are served in the order in which they came. close() ends it: producers
/// get QueueClosed at once, consumers when all items are taken.
///
/// Params:    `max_size` 0 means no limit.
/// Affinity:  loop.
/// Idea:      asyncio.Queue.
/// Example:   tests/unit/runtime/sync/queue_test.cpp
template <typename Value>
class Queue {
    class Putting;
    class Getting;
    using Item = typename detail::NumberedItems<Value>::Item;

public:
    explicit Queue(std::size_t max_size = 0) : max_size_(max_size) { all_done_.set(); }

    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    ~Queue() = default;

    /// Puts an item in, when there is room.
    ///
    /// Cancel:    the item was not put in.
    /// Errors:    QueueClosed.
    auto put(Value value) {
        return detail::Operation<void, Putting, Queue*, Value>(this, std::move(value));
    }

    /// Takes the oldest item out, when there is one.
    ///
    /// Cancel:    no item was taken.
    /// Errors:    QueueClosed (closed, and empty).
    auto get() { return detail::Operation<Value, Getting, Queue*>(this); }

    /// Puts an item in if there is room now; `value` is left alone if not.
    /// Errors: QueueClosed.
    template <typename Source>
    [[nodiscard]] bool try_put(Source&& value) {
        if (closed_) {
            throw QueueClosed();
        }
        if (!may_put_now()) {
            return false;
        }
        push(Value(std::forward<Source>(value)));
        return true;
    }

    /// Takes the oldest item out if there is one now.
    [[nodiscard]] std::optional<Value> try_get() {
        if (items_.empty()) {
            return std::nullopt;
        }
        return take_first().value;
    }

    /// Nothing more comes in. Idempotent.
    void close() noexcept {
        closed_ = true;
        while (detail::ListWaiter* putter = putters_.first()) {
            putters_.wake(*putter);
        }
        while (detail::ListWaiter* getter = getters_.first()) {
            getters_.wake(*getter);
        }
    }

    [[nodiscard]] bool closed() const noexcept { return closed_; }

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    /// How many items that wait to be taken are equal to `value`.
    [[nodiscard]] std::size_t count(const Value& value) const { return items_.count(value); }

    [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

    [[nodiscard]] bool full() const noexcept { return max_size_ > 0 && size() >= max_size_; }

    /// Says that an item which was taken out has been dealt with; see join().
    /// Errors: InvalidStateError (called more often than items were put in).
    void task_done() {
        if (unfinished_ == 0) {
            throw InvalidStateError("task_done() called more often than items were put in");
        }
        if (--unfinished_ == 0) {
            all_done_.set();
        }
    }

    /// Waits until every item that was put in has been dealt with.
    ///
    /// Cancel:    ends at once.
    auto join() { return all_done_.wait(); }

private:
    [[nodiscard]] bool has_room() const noexcept {
        return max_size_ == 0 || items_.size() + reserved_ < max_size_;
    }

    /// Whether a new item overtakes no producer that waits, or was just given a place.
    [[nodiscard]] bool may_put_now() const noexcept {
        return has_room() && reserved_ == 0 && putters_.empty();
    }

    Item take_first() {
        Item item = items_.pop_front();
        admit_putters();
        return item;
    }

    void push(Value&& value) {
        Item item = items_.number(std::move(value));
        if (detail::ListWaiter* getter = getters_.first()) {
            hand_over(*getter, std::move(item));
        } else {
            items_.push_back(std::move(item));
        }
        ++unfinished_;
        all_done_.clear();
    }

    /// Puts an item in again that was given to a getter, but not taken.
    void put_back(Item&& item) {
        if (detail::ListWaiter* getter = getters_.first()) {
            hand_over(*getter, std::move(item));
        } else {
            items_.put_back(std::move(item));
        }
    }

    void hand_over(detail::ListWaiter& getter, Item&& item) {
        static_cast<Getting&>(getter).item.emplace(std::move(item));
        getters_.grant(getter);
    }

    /// Reserves what is free for the producers that wait. They put their item in themselves when
    /// they resume, so that one that is cancelled until then has not put it in.
    void admit_putters() noexcept {
        while (!putters_.empty() && has_room()) {
            ++reserved_;
            putters_.grant(*putters_.first());
        }
    }

    detail::NumberedItems<Value> items_;
    detail::WaitList getters_;
    detail::WaitList putters_;
    Event all_done_;
    std::size_t max_size_;
    std::size_t reserved_ = 0;
    std::size_t unfinished_ = 0;
    bool closed_ = false;
};

template <typename Value>
class Queue<Value>::Putting final : public detail::ListWaiter {
public:
    Putting(Queue* queue, Value&& value)
        : ListWaiter(queue->putters_), queue_(*queue), value_(std::move(value)) {}

    [[nodiscard]] bool await_ready() const noexcept {
        return queue_.closed_ || queue_.may_put_now();
    }

    void await_resume() {
        const bool cancelled = resumed();
        if (granted()) {
            --queue_.reserved_;
        }
        if (cancelled) {
            queue_.admit_putters();
            throw_cancelled();
        }
        if (queue_.closed_) {
            throw QueueClosed();
        }
        queue_.push(std::move(value_));
        // The item may have gone straight to a consumer, and left its place free.
        queue_.admit_putters();
    }

private:
    void park() override {
        ListWaiter::park();
        queue_.admit_putters();
    }

    Queue& queue_;
    Value value_;
};

template <typename Value>
class Queue<Value>::Getting final : public detail::ListWaiter {
public:
    explicit Getting(Queue* queue) : ListWaiter(queue->getters_), queue_(*queue) {}

    [[nodiscard]] bool await_ready() {
        if (!queue_.empty()) {
            item.emplace(queue_.take_first());
        }
        return item || queue_.closed_;
    }

    Value await_resume() {
        if (resumed()) {
            if (item) {
                queue_.put_back(std::move(*item));
            }
            throw_cancelled();
        }
        if (!item) {
            throw QueueClosed();
        }
        return std::move(item->value);
    }

    /// What was handed over.
    std::optional<Item> item;

private:
    Queue& queue_;
};

}  // namespace aiomisc
