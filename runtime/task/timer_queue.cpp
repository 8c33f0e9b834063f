// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/timer_queue.h>

namespace aiomisc::detail {

void TimerQueue::add(TimerNode& timer, TimePoint deadline) {
    remove(timer);
    const Entry entry{deadline, order_++, &timer};
    heap_.push_back(entry);
    timer.deadline_ = deadline;
    sift_up(heap_.size() - 1, entry);
}

void TimerQueue::remove(TimerNode& timer) noexcept {
    if (!timer.armed()) {
        return;
    }
    const std::size_t hole = timer.index_;
    timer.index_ = TimerNode::kNotArmed;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) {
        return;
    }
    if (hole > 0 && last < heap_[(hole - 1) / 2]) {
        sift_up(hole, last);
    } else {
        sift_down(hole, last);
    }
}

std::optional<TimePoint> TimerQueue::next() const noexcept {
    if (heap_.empty()) {
        return std::nullopt;
    }
    return heap_.front().deadline;
}

TimerNode* TimerQueue::pop_expired(TimePoint now) noexcept {
    if (heap_.empty() || heap_.front().deadline > now) {
        return nullptr;
    }
    TimerNode* timer = heap_.front().timer;
    remove(*timer);
    return timer;
}

void TimerQueue::drop_all() noexcept {
    while (TimerNode* timer = pop_expired(TimePoint::max())) {
        timer->drop_timer();
    }
}

void TimerQueue::place(std::size_t index, const Entry& entry) noexcept {
    heap_[index] = entry;
    entry.timer->index_ = index;
}

void TimerQueue::sift_up(std::size_t index, const Entry& entry) noexcept {
    while (index > 0) {
        const std::size_t parent = (index - 1) / 2;
        if (!(entry < heap_[parent])) {
            break;
        }
        place(index, heap_[parent]);
        index = parent;
    }
    place(index, entry);
}

void TimerQueue::sift_down(std::size_t index, const Entry& entry) noexcept {
    for (;;) {
        std::size_t child = 2 * index + 1;
        if (child >= heap_.size()) {
            break;
        }
        if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) {
            ++child;
        }
        if (!(heap_[child] < entry)) {
            break;
        }
        place(index, heap_[child]);
        index = child;
    }
    place(index, entry);
}

}  // namespace aiomisc::detail
