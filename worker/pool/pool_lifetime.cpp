// SPDX-License-Identifier: MIT
// The part of Pool that starts it, breaks it and ends it.

#include "pool.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/timer_queue.h>

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

/// What a worker gets to end by itself after its channel was closed.
constexpr milliseconds kShutdownGrace{200};
/// After the grace the supervisor terminates and kills; it is gone by then, or is killed itself.
constexpr milliseconds kShutdownLimit{1000};

}  // namespace

void Pool::throw_unless_open() const {
    switch (state_) {
        case State::kRunning:
            return;
        case State::kNew:
        case State::kStarting:
            if (is_executor()) {
                return;
            }
            throw PoolClosed(options_.name + ": the pool is not started: co_await start() first");
        case State::kDraining:
        case State::kClosing:
        case State::kClosed:
            throw PoolClosed(options_.name + ": the pool is closed");
        case State::kBroken:
            std::rethrow_exception(broken_);
    }
}

template <typename Condition>
Task<bool> Pool::wait_until(Condition condition, TimePoint deadline) {
    struct Timer {
        CallHandle handle;

        explicit Timer(CallHandle call) noexcept : handle(std::move(call)) {}

        Timer(const Timer&) = delete;
        Timer& operator=(const Timer&) = delete;

        ~Timer() { handle.cancel(); }
    };

    bool in_time = true;
    const Timer timer(loop_.call_later(deadline - loop_.now(), [this, &in_time] {
        in_time = false;
        wake_waiters();
    }));
    // No wait_for(): its task would begin to wait a turn later, and miss what another waiter has
    // cleared by then.
    while (!condition() && in_time) {
        changed_.clear();
        co_await changed_.wait();
    }
    co_return condition();
}

Task<> Pool::start() {
    const auto self = shared_from_this();
    if (state_ == State::kNew) {
        begin_start();
    } else if (!is_executor()) {
        throw InvalidStateError(options_.name + ": a pool is started once");
    }
    // The events decide, not this coroutine: whoever awaits it may be cancelled.
    while (state_ == State::kStarting) {
        changed_.clear();
        co_await changed_.wait();
    }
    if (state_ == State::kBroken) {
        std::rethrow_exception(initializer_error_ ? initializer_error_ : broken_);
    }
    if (state_ != State::kRunning) {
        throw PoolClosed(options_.name + ": the pool was closed while it started");
    }
}

void Pool::begin_start() {
    state_ = State::kStarting;
    try {
        open_supervisor();
    } catch (const std::exception& error) {
        break_pool(std::string("it cannot be started: ") + error.what());
        throw;
    }
    start_limit_timer_ = loop_.call_later(options_.start_timeout, [this] {
        if (state_ == State::kStarting || (runs() && !supervisor_ready_)) {
            break_pool(fmt::format("not ready within {} ms", options_.start_timeout.count()));
        }
    });
}

/// Whether the start has come to its end, one way or the other.
void Pool::advance_start() noexcept {
    if (state_ != State::kStarting) {
        return;
    }
    if (initializer_error_) {
        break_pool("the initializer failed: " + describe_exception(initializer_error_));
    } else if (!supervisor_ || supervisor_->closed()) {
        break_pool("the supervisor ended before the workers were ready: " + supervisor_ending_);
    } else if (supervisor_ready_ && std::ranges::all_of(slots_, [](const auto& worker) {
                   return worker && worker->state() == PoolWorker::State::kReady;
               })) {
        start_limit_timer_.cancel();
        state_ = State::kRunning;
        log::debug(
            "aiomisc.pool",
            "{}: {} workers, supervisor {}",
            options_.name,
            slots_.size(),
            supervisor_pid_);
        dispatch();  // what was submitted meanwhile
    }
}

void Pool::break_pool(const std::string& reason) noexcept {
    if (state_ == State::kBroken || state_ == State::kClosed) {
        return;
    }
    // Whoever awaits start() is told.
    const bool told = state_ == State::kStarting && !is_executor();
    log::log(
        told ? log::Level::kDebug : log::Level::kError,
        "aiomisc.pool",
        "{}: broken: {}",
        options_.name,
        reason);
    state_ = State::kBroken;
    broken_ = broken_by(reason);
    fail_all(broken_);
    if (supervisor_) {
        supervisor_->send(process::Shutdown{milliseconds(0)});
    }
    wake_waiters();
}

std::exception_ptr Pool::broken_by(const std::string& reason) const {
    const std::string text = options_.name + " is broken: " + reason;
    return is_executor() ? std::make_exception_ptr(BrokenProcessPool(text))
                         : std::make_exception_ptr(PoolBroken(text));
}

bool Pool::all_idle() const noexcept {
    return queue_.empty() && std::ranges::all_of(slots_, [](const auto& worker) {
               return !worker || worker->link().in_flight() == 0;
           });
}

void Pool::begin_close(CloseOptions options) {
    if (state_ == State::kNew) {
        abandon();
    }
    if (state_ == State::kDraining && !options.graceful) {
        state_ = State::kClosing;  // this caller does not wait for the calls
        wake_waiters();
    }
    if (!closing_ && state_ != State::kClosed) {
        // At once: nothing is accepted any more, and who closes next finds it so.
        if (state_ != State::kBroken) {
            // An executor that starts has calls that wait for that.
            const bool drains = options.graceful && (state_ == State::kRunning ||
                                                     (is_executor() && state_ == State::kStarting));
            state_ = drains ? State::kDraining : State::kClosing;
        }
        // A task of its own: it goes on when whoever awaits close() is cancelled.
        closing_ = create_task(close_once(shared_from_this(), options), "close " + options_.name);
    }
}

Task<> Pool::close(CloseOptions options) {
    const auto self = shared_from_this();
    begin_close(options);
    co_await closed();
}

Task<> Pool::closed() {
    const auto self = shared_from_this();
    while (state_ != State::kClosed) {
        changed_.clear();
        co_await changed_.wait();
    }
}

Task<> Pool::close_once(std::shared_ptr<Pool> self, CloseOptions options) {
    Pool& pool = *self;
    pool.wake_waiters();
    if (pool.state_ == State::kDraining) {
        co_await pool.wait_until(
            [&pool] { return pool.all_idle() || pool.state_ != State::kDraining; },
            deadline_after(pool.loop_.now(), options.timeout));
    }
    if (pool.state_ != State::kBroken) {
        pool.state_ = State::kClosing;
    }
    try {
        co_await pool.close_processes();
    } catch (const std::exception& error) {
        // What is left ends with the control socket.
        log::error("aiomisc.pool", "{}: close: {}", pool.options_.name, error.what());
    }
    pool.abandon();
    // The pool may be destroyed with this task, but not while the task still runs in it.
    std::move(pool.closing_).release();
}

Task<> Pool::close_processes() {
    const auto closed =
        std::make_exception_ptr(PoolClosed(options_.name + ": the pool was closed"));
    fail_all(closed);
    wake_waiters();
    respawn_timer_.cancel();
    start_limit_timer_.cancel();
    if (!supervisor_ || supervisor_->closed()) {
        co_return;
    }
    for (const auto& worker : slots_) {
        if (worker) {
            supervisor_->send(process::Interrupt{worker->key()});
            worker->retire();
        }
    }
    if (supervisor_ready_) {
        supervisor_->send(process::Shutdown{kShutdownGrace});
    } else {
        kill_supervisor();  // it is in its initializer, and does not listen; it has no workers yet
    }
    const auto gone = [this] { return !supervisor_ || supervisor_->closed(); };
    if (co_await wait_until(gone, loop_.now() + kShutdownGrace + kShutdownLimit)) {
        co_return;
    }
    log::warning("aiomisc.pool", "{}: the supervisor does not end, it is killed", options_.name);
    kill_supervisor();
    if (!co_await wait_until(gone, loop_.now() + kShutdownLimit)) {
        log::error(
            "aiomisc.pool",
            "{}: supervisor {} survived being killed",
            options_.name,
            supervisor_pid_);
    }
}

}  // namespace aiomisc::detail
