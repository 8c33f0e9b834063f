// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/kj/event_port.h>

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/kj/promise.h>

#include <utility>

namespace aiomisc::detail {

namespace {

thread_local KjLoop* current_kj_loop = nullptr;

}  // namespace

KjLoop::KjLoop(EventLoop& loop)
    : loop_(loop), kj_loop_(*this), wait_scope_(std::in_place, kj_loop_) {
    current_kj_loop = this;
}

KjLoop::~KjLoop() noexcept {
    loop_.unschedule(*this);
    current_kj_loop = nullptr;
}

void KjLoop::forget_after_fork() noexcept {
    if (current_kj_loop != nullptr) {
        std::exchange(current_kj_loop, nullptr)->wait_scope_.reset();
    }
}

bool KjLoop::wait() {
    AIOMISC_CHECK(
        false, "kj::Promise::wait() would block the event loop: await the promise instead");
    return false;
}

bool KjLoop::poll() {
    return false;
}

void KjLoop::setRunnable(bool runnable) {
    if (runnable) {
        loop_.schedule(*this);
    } else {
        loop_.unschedule(*this);
    }
}

void KjLoop::run() noexcept {
    try {
        kj_loop_.run();
    } catch (const kj::Exception& exception) {
        loop_.call_exception_handler(
            {"exception in a KJ callback", to_exception_ptr(exception), {}});
    }
}

}  // namespace aiomisc::detail
