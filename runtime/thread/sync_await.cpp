// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/sync_await.h>

namespace aiomisc::detail {

void SyncWait::finish(std::exception_ptr error) noexcept {
    const std::lock_guard lock(mutex_);
    if (!done_) {
        done_ = true;
        error_ = std::move(error);
        finished_.notify_all();
    }
}

void SyncWait::wait() {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return done_; });
    if (error_) {
        std::rethrow_exception(std::move(error_));
    }
}

void check_may_wait_for(const LoopRef& loop) {
    if (!loop) {
        throw InvalidStateError("no current event loop is set");
    }
    if (loop.is_current()) {
        throw InvalidStateError("a loop cannot wait for itself: this is its own thread");
    }
}

}  // namespace aiomisc::detail
