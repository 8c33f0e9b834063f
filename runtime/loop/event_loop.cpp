// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/event_loop.h>

#include "loop_mailbox.h"
#include "uv_handle.h"

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/log/log.h>

#include <optional>

#include <uv.h>

namespace aiomisc {

namespace {

/// libuv counts milliseconds: round up, so that no timer fires early.
std::uint64_t milliseconds_until(TimePoint deadline) noexcept {
    const Duration left = deadline - Clock::now();
    if (left <= Duration::zero()) {
        return 0;
    }
    return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

}  // namespace

namespace detail {

struct EventLoopHandles {
    uv_loop_t loop{};
    uv_async_t wake{};
    uv_timer_t timer{};
    std::optional<TimePoint> timer_armed_for;
    bool closed = false;
};

}  // namespace detail

EventLoop::EventLoop()
    : handles_(std::make_unique<detail::EventLoopHandles>()),
      mailbox_(std::make_shared<detail::LoopMailbox>(*this, handles_->wake)) {
    int status = uv_loop_init(&handles_->loop);
    if (status < 0) {
        throw SystemError::from_uv(status, "create event loop");
    }
    handles_->loop.data = this;
    // The wake handle keeps the loop alive: with it a poll waits even when nothing else is open.
    status = uv_async_init(&handles_->loop, &handles_->wake, [](uv_async_t* async) {
        static_cast<EventLoop*>(async->loop->data)->run_thread_calls();
    });
    if (status < 0) {
        uv_loop_close(&handles_->loop);
        throw SystemError::from_uv(status, "create event loop");
    }
    uv_timer_init(&handles_->loop, &handles_->timer);
}

EventLoop::~EventLoop() {
    close();
}

EventLoop& EventLoop::current() {
    auto* loop = dynamic_cast<EventLoop*>(&Scheduler::current());
    if (loop == nullptr) {
        throw InvalidStateError("the loop of this thread is not an EventLoop");
    }
    return *loop;
}

uv_loop_s* EventLoop::uv_loop() const noexcept {
    return &handles_->loop;
}

void EventLoop::call_soon_threadsafe(UniqueFunction<void()> function) {
    if (!mailbox_->put(function)) {
        throw ClosedError("call_soon_threadsafe: the loop is closed");
    }
}

void EventLoop::run_thread_calls() {
    for (auto& function : mailbox_->take()) {
        call_soon(std::move(function));
    }
}

void EventLoop::arm_uv_timer() noexcept {
    const std::optional<TimePoint> next = timers().next();
    if (next == handles_->timer_armed_for) {
        return;
    }
    handles_->timer_armed_for = next;
    if (!next) {
        uv_timer_stop(&handles_->timer);
        return;
    }
    uv_update_time(&handles_->loop);
    uv_timer_start(
        &handles_->timer,
        [](uv_timer_t* timer) {
            static_cast<EventLoop*>(timer->loop->data)->handles_->timer_armed_for.reset();
            // uv_run() runs timers before it waits for events as well. With none left it would wait
            // for ever; stopping it makes it look for events and return.
            uv_stop(timer->loop);
        },
        milliseconds_until(*next),
        0);
}

void EventLoop::poll(bool wait) {
    while (detail::ReadyNode* node = before_poll_.pop()) {
        node->run();
    }
    arm_uv_timer();
    uv_run(&handles_->loop, wait && !ready() ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

bool EventLoop::closed() const noexcept {
    return handles_->closed;
}

void EventLoop::close(Duration limit) noexcept {
    if (closed()) {
        return;
    }
    end_all_tasks(limit);
    handles_->closed = true;
    {
        const Running current(*this);
        // What a callback captured may need the loop when it dies.
        mailbox_->close().clear();
    }
    drop_callbacks();
    {
        const Running current(*this);
        // In reverse: a later one may live on an earlier one.
        while (!extensions_.empty()) {
            extensions_.pop_back();
        }
    }
    detail::UvHandleBase::close_all(&handles_->loop);
    uv_close(reinterpret_cast<uv_handle_t*>(&handles_->wake), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&handles_->timer), nullptr);
    uv_run(&handles_->loop, UV_RUN_DEFAULT);
    const int status = uv_loop_close(&handles_->loop);
    AIOMISC_CHECK(status == 0, "event loop closed with handles still open");
}

}  // namespace aiomisc
