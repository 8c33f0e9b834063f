// SPDX-License-Identifier: MIT
#include "gate.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace aiomisc::log::detail {

namespace {

constexpr std::chrono::microseconds kLookAgain{50};

}  // namespace

/// There is one gate only, so one slot a thread is enough. Given back when the thread ends; what
/// logs even later, in destructors of other thread-local objects, borrows one for each record.
struct Gate::OwnSlot {
    Gate* gate = nullptr;
    Slot* slot = nullptr;

    OwnSlot() = default;
    OwnSlot(const OwnSlot&) = delete;
    OwnSlot& operator=(const OwnSlot&) = delete;

    ~OwnSlot() {
        if (gate != nullptr) {
            gate->give_back(*slot);
        }
        gone = true;
    }

    static thread_local bool gone;
    static thread_local OwnSlot own;
};

thread_local bool Gate::OwnSlot::gone = false;
thread_local Gate::OwnSlot Gate::OwnSlot::own;

Gate::Slot& Gate::slot_of_this_thread(bool& borrowed) {
    if (OwnSlot::gone) {
        borrowed = true;
        return take_slot();
    }
    OwnSlot& own = OwnSlot::own;
    if (own.slot == nullptr) {
        own.slot = &take_slot();
        own.gate = this;
    }
    return *own.slot;
}

Gate::Slot& Gate::take_slot() {
    const std::lock_guard lock(slots_mutex_);
    const auto free = std::ranges::find_if(slots_, [](const auto& slot) { return !slot->taken; });
    Slot& slot = free != slots_.end() ? **free : *slots_.emplace_back(std::make_unique<Slot>());
    slot.taken = true;
    return slot;
}

void Gate::give_back(Slot& slot) {
    const std::lock_guard lock(slots_mutex_);
    slot.taken = false;
}

Gate::Pass::Pass(Gate& gate, WhenClosed when_closed)
    : gate_(gate), slot_(gate.slot_of_this_thread(borrowed_)) {
    if (slot_.depth++ > 0) {
        return;
    }
    for (;;) {
        // Sequentially consistent, and so is closed(): one of both sees what the other has stored.
        slot_.inside.store(true);
        if (!gate_.closed_.load()) {
            return;
        }
        slot_.inside.store(false);
        if (when_closed == WhenClosed::kTurnBack) {
            passed_ = false;
            return;
        }
        const std::lock_guard wait(gate_.closing_mutex_);
    }
}

Gate::Pass::~Pass() {
    if (--slot_.depth == 0) {
        slot_.inside.store(false, std::memory_order_release);
    }
    if (borrowed_) {
        gate_.give_back(slot_);
    }
}

bool Gate::wait_until_empty(const Slot& own, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        {
            const std::lock_guard lock(slots_mutex_);
            if (std::ranges::none_of(slots_, [&own](const auto& slot) {
                    return slot.get() != &own && slot->inside.load();
                })) {
                return true;
            }
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(kLookAgain);
    }
}

void Gate::closed(std::chrono::milliseconds limit, const std::function<void(bool alone)>& work) {
    bool borrowed = false;
    Slot& own = slot_of_this_thread(borrowed);
    const bool was_inside = own.depth > 0;
    const auto work_inside = [&](bool alone) {
        ++own.depth;
        try {
            work(alone);
        } catch (...) {
            --own.depth;
            throw;
        }
        --own.depth;
    };
    const std::lock_guard lock(closing_mutex_);
    closed_.store(true);
    try {
        const bool empty = wait_until_empty(own, limit);
        work_inside(empty && !was_inside);
    } catch (...) {
        closed_.store(false);
        throw;
    }
    closed_.store(false);
    if (borrowed) {
        give_back(own);
    }
}

void Gate::before_fork() {
    closing_mutex_.lock();
    slots_mutex_.lock();
}

void Gate::after_fork_in_parent() {
    slots_mutex_.unlock();
    closing_mutex_.unlock();
}

void Gate::after_fork_in_child() {
    const Slot* own = OwnSlot::gone ? nullptr : OwnSlot::own.slot;
    for (const auto& slot : slots_) {
        if (slot.get() != own) {
            slot->inside.store(false, std::memory_order_relaxed);
            slot->depth = 0;
            slot->taken = false;
        }
    }
    after_fork_in_parent();
}

}  // namespace aiomisc::log::detail
