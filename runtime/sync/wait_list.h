// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/operation.h>
#include <aiomisc/runtime/task/task_core.h>

namespace aiomisc::detail {

/// Design of the primitives
///
/// A primitive keeps the tasks that wait for it in a WaitList, oldest first, and *grants* what they
/// wait for: the lock, the permit, the item is theirs from then on, although they run only on a
/// later turn. Nobody can overtake them meanwhile. A waiter that is cancelled after the grant finds
/// both granted() and resumed() true, and hands on what it got, so that no wake-up is lost.
class WaitList;

/// A task in a WaitList.
class ListWaiter : public Waiter {
public:
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        return suspend(handle);
    }

protected:
    explicit ListWaiter(WaitList& list) noexcept : list_(list) {}

    ListWaiter(const ListWaiter&) = delete;
    ListWaiter& operator=(const ListWaiter&) = delete;
    ~ListWaiter();

    /// Whether it got what it waited for.
    [[nodiscard]] bool granted() const noexcept { return granted_; }

    void park() override;
    bool unpark(CancelReason reason) noexcept override;

private:
    friend class WaitList;
    WaitList& list_;
    WaitList* linked_in_ = nullptr;
    ListWaiter* next_ = nullptr;
    ListWaiter* previous_ = nullptr;
    bool granted_ = false;
};

/// Tasks that wait for the same thing, oldest first.
class WaitList {
public:
    WaitList() = default;
    WaitList(const WaitList&) = delete;
    WaitList& operator=(const WaitList&) = delete;
    ~WaitList();

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    /// The oldest waiter, or null.
    [[nodiscard]] ListWaiter* first() const noexcept { return first_; }

    /// Removes a waiter, and wakes it with what it waited for.
    void grant(ListWaiter& waiter) noexcept;

    /// Removes and wakes a waiter that gets nothing.
    void wake(ListWaiter& waiter) noexcept;

private:
    friend class ListWaiter;
    void append(ListWaiter& waiter) noexcept;
    void remove(ListWaiter& waiter) noexcept;

    ListWaiter* first_ = nullptr;
    ListWaiter* last_ = nullptr;
};

}  // namespace aiomisc::detail
