// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/wait_for.h>

#include <aiomisc/runtime/task/timer_queue.h>

#include <chrono>

#include <fmt/format.h>

namespace aiomisc::detail {

LimitedWaiter::~LimitedWaiter() {
    if (armed()) {
        scheduler().disarm(*this);
    }
}

void LimitedWaiter::park() {
    completion_->observe(*this);
    if (!timeout_) {
        return;
    }
    if (*timeout_ <= Duration::zero()) {
        expire();
    } else {
        scheduler().arm(*this, deadline_after(scheduler().now(), *timeout_));
    }
}

bool LimitedWaiter::unpark(CancelReason reason) noexcept {
    scheduler().disarm(*this);
    cancel_passed_on_ = true;
    completion_->cancel(reason);
    return false;
}

void LimitedWaiter::on_completed(Completion&) noexcept {
    scheduler().disarm(*this);
    wake();
}

void LimitedWaiter::expire() noexcept {
    expired_ = true;
    completion_->cancel(CancelReason::kTimeout);
}

void LimitedWaiter::await_resume() {
    if (resumed()) {
        completion_->mark_seen();
        throw_cancelled();
    }
    if (expired_ && !cancel_passed_on_ && completion_->status() == Completion::Status::kCancelled) {
        throw TimeoutError(fmt::format(
            "wait_for: not done after {:g} s", std::chrono::duration<double>(*timeout_).count()));
    }
}

}  // namespace aiomisc::detail
