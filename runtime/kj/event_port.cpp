// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/kj/event_port.h>

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/kj/promise.h>

namespace aiomisc::detail {

KjLoop::KjLoop(EventLoop& loop) : loop_(loop), kj_loop_(*this), wait_scope_(kj_loop_) {}

KjLoop::~KjLoop() noexcept {
    loop_.unschedule(*this);
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
