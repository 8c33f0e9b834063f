// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/sync/wait_list.h>

namespace aiomisc::detail {

ListWaiter::~ListWaiter() {
    if (linked_in_ != nullptr) {
        linked_in_->remove(*this);
    }
}

void ListWaiter::park() {
    list_.append(*this);
}

bool ListWaiter::unpark(CancelReason) noexcept {
    if (linked_in_ != nullptr) {
        linked_in_->remove(*this);
    }
    return true;
}

WaitList::~WaitList() {
    // Only a loop that is closed by force destroys a primitive before those who wait for it.
    while (first_ != nullptr) {
        remove(*first_);
    }
}

void WaitList::grant(ListWaiter& waiter) noexcept {
    waiter.granted_ = true;
    wake(waiter);
}

void WaitList::wake(ListWaiter& waiter) noexcept {
    remove(waiter);
    waiter.wake();
}

void WaitList::append(ListWaiter& waiter) noexcept {
    waiter.linked_in_ = this;
    waiter.next_ = nullptr;
    waiter.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &waiter;
    last_ = &waiter;
}

void WaitList::remove(ListWaiter& waiter) noexcept {
    (waiter.previous_ == nullptr ? first_ : waiter.previous_->next_) = waiter.next_;
    (waiter.next_ == nullptr ? last_ : waiter.next_->previous_) = waiter.previous_;
    waiter.linked_in_ = nullptr;
}

}  // namespace aiomisc::detail
