// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace aiomisc::log::detail {

/// Lets threads pass until somebody closes it, and tells him when the last of them is through. To
/// pass costs a store to memory of the thread's own; closing pays for it.
class Gate {
    struct Slot {
        std::atomic<bool> inside{false};
        int depth = 0;       // of the owner only
        bool taken = false;  // under slots_mutex_
    };

public:
    enum class WhenClosed { kWait, kTurnBack };

    /// Inside as long as it lives. A thread that is inside may pass again, closed or not.
    class Pass {
    public:
        Pass(Gate& gate, WhenClosed when_closed);
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass();

        /// False if the thread was turned back.
        explicit operator bool() const noexcept { return passed_; }

    private:
        Gate& gate_;
        bool passed_ = true;
        bool borrowed_ = false;  ///< the thread is at its end, and has no slot any more
        Slot& slot_;
    };

    /// Calls `work` while no other thread is inside, and none comes in. `work` is told whether that
    /// is so: a thread that stays for longer than `limit` is not waited for. `work` may pass.
    void closed(std::chrono::milliseconds limit, const std::function<void(bool alone)>& work);

    void before_fork();
    void after_fork_in_parent();
    /// The threads that were inside are not in this process.
    void after_fork_in_child();

private:
    struct OwnSlot;
    Slot& slot_of_this_thread(bool& borrowed);
    Slot& take_slot();
    void give_back(Slot& slot);
    bool wait_until_empty(const Slot& own, std::chrono::milliseconds limit);

    std::atomic<bool> closed_{false};
    std::mutex closing_mutex_;  ///< who closes it; those outside wait for it
    std::mutex slots_mutex_;
    std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace aiomisc::log::detail
