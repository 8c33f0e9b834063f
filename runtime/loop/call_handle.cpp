// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/call_handle.h>

#include <utility>

namespace aiomisc::detail {

Call::Call(Scheduler& scheduler, UniqueFunction<void()> function)
    : scheduler_(scheduler), function_(std::move(function)), context_(ContextValues::current()) {}

void Call::schedule() noexcept {
    add_reference();
    pending_ = true;
    scheduler_.schedule(*this);
}

void Call::schedule_at(TimePoint when) {
    scheduler_.arm(*this, when);
    add_reference();
    pending_ = true;
}

void Call::cancel() noexcept {
    cancelled_ = true;
    if (!std::exchange(pending_, false)) {
        return;
    }
    scheduler_.unschedule(*this);
    scheduler_.disarm(*this);
    function_.reset();
    release();
}

void Call::expire() noexcept {
    scheduler_.schedule(*this);
}

void Call::run() noexcept {
    pending_ = false;
    ContextValues* const previous = ContextValues::exchange_current(&context_);
    try {
        // Destroyed before the handle is: what it captured must not outlive the call.
        UniqueFunction<void()> function = std::move(function_);
        function();
    } catch (...) {
        scheduler_.call_exception_handler({"exception in callback", std::current_exception(), {}});
    }
    ContextValues::exchange_current(previous);
    release();
}

}  // namespace aiomisc::detail
