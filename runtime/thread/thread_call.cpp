// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/thread_call.h>

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <chrono>

namespace aiomisc::detail {

namespace {

thread_local const LoopRef* thread_loop = nullptr;

/// The thread works for a loop, with the context variables of a call, while this lives.
class WorkScope {
public:
    WorkScope(const LoopRef& loop, ContextValues& context) noexcept
        : loop_(std::exchange(thread_loop, &loop)),
          context_(ContextValues::exchange_current(&context)) {}

    WorkScope(const WorkScope&) = delete;
    WorkScope& operator=(const WorkScope&) = delete;

    ~WorkScope() {
        ContextValues::exchange_current(context_);
        thread_loop = loop_;
    }

private:
    const LoopRef* loop_;
    ContextValues* context_;
};

}  // namespace

LoopRef loop_of_this_thread() noexcept {
    if (thread_loop != nullptr) {
        return *thread_loop;
    }
    auto* running = dynamic_cast<EventLoop*>(Scheduler::current_or_null());
    return running == nullptr ? LoopRef() : LoopRef(*running);
}

void ThreadCall::attach(
    EventLoop& loop, Reference<Completion> future, std::weak_ptr<ThreadCallQueue> queue) {
    bind(loop, shared_from_this());
    loop_ = loop;
    queue_ = std::move(queue);
    future_ = std::move(future);
    future_->observe(*this);
}

bool ThreadCall::run() noexcept {
    const WorkScope scope(loop_, context_);
    try {
        invoke();
        return true;
    } catch (...) {
        error_ = std::current_exception();
        return false;
    }
}

void ThreadCall::run_counted(ThreadPoolStatistic& statistic) noexcept {
    const TimePoint begin = Clock::now();
    const bool returned = run();
    statistic.sum_time += std::chrono::duration<double>(Clock::now() - begin).count();
    ++(returned ? statistic.success : statistic.error);
    ++statistic.done;
}

void ThreadCall::report() noexcept {
    if (first_.exchange(First::kOutcome) == First::kClose) {
        warn_of_loss();
        return;
    }
    // From here on the outcome is the loop's, which looks at it in loop_closed() at the latest.
    try {
        loop_.call_soon_threadsafe([call = shared_from_this()] { call->deliver(); });
    } catch (...) {
        log::error(
            "aiomisc.thread",
            "the result of a thread is late: {}",
            describe_exception(std::current_exception()));
    }
}

void ThreadCall::warn_of_loss() const noexcept {
    if (error_) {
        log::warning(
            "aiomisc.thread",
            "the error of a thread is dropped, its loop is closed: {}",
            describe_exception(error_));
    } else if (has_value()) {
        log::warning("aiomisc.thread", "the result of a thread is dropped: its loop is closed");
    }
}

void ThreadCall::fail(std::exception_ptr error) noexcept {
    const auto end = [call = shared_from_this(), error = std::move(error)] {
        if (const Reference<Completion> future = call->future_) {
            call->settle_with(*future, error);
        }
    };
    if (loop_.is_current()) {
        end();
        return;
    }
    try {
        loop_.call_soon_threadsafe(end);
    } catch (...) {
        log::error(
            "aiomisc.thread",
            "nobody is told that a call failed: {}",
            describe_exception(std::current_exception()));
    }
}

void ThreadCall::deliver() noexcept {
    if (const Reference<Completion> future = future_) {
        settle(*future);
    }
}

void ThreadCall::on_completed(Completion&) noexcept {
    const std::shared_ptr<void> alive = unbind();
    abandoned_ = true;
    future_ = {};
    if (const auto queue = queue_.lock()) {
        queue->withdraw(*this);
    }
}

void ThreadCall::loop_closed() noexcept {
    const Reference<Completion> future = future_;
    if (!future) {
        return;
    }
    if (first_.exchange(First::kClose) == First::kOutcome) {
        settle(*future);  // it was on its way
    } else {
        // Whoever still has the future learns that it will not come.
        future->cancel(CancelReason::kShutdown);
    }
}

}  // namespace aiomisc::detail
