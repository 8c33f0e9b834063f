// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/basic_loop.h>

#include <aiomisc/runtime/log/log.h>

#include <utility>

#include <fmt/format.h>

namespace aiomisc {

namespace {

/// Turns between two polls while something is always ready: descriptors must not starve, nor pay
/// for each turn.
constexpr int kTurnsBetweenPolls = 16;

void log_unhandled(const ExceptionContext& context) {
    const std::string& message =
        context.message.empty() ? "unhandled loop exception" : context.message;
    log::With record = log::with_exception(context.exception);
    if (!context.task.empty()) {
        record = record.with({{"task", context.task}});
    }
    record.error("asyncio.unhandled", "{}", message);
}

}  // namespace

/// The loop is running, and current for this thread, while this lives.
class BasicLoop::RunScope {
public:
    explicit RunScope(BasicLoop& loop) noexcept : loop_(loop), current_(loop) {
        loop_.running_ = true;
    }

    RunScope(const RunScope&) = delete;
    RunScope& operator=(const RunScope&) = delete;

    ~RunScope() {
        loop_.running_ = false;
        loop_.stopping_ = false;
    }

private:
    BasicLoop& loop_;
    Running current_;
};

BasicLoop::~BasicLoop() {
    drop_callbacks();
}

CallHandle BasicLoop::call_soon(UniqueFunction<void()> function) {
    detail::Reference<detail::Call> call(new detail::Call(*this, std::move(function)));
    call->schedule();
    return CallHandle(std::move(call));
}

CallHandle BasicLoop::call_later(Duration delay, UniqueFunction<void()> function) {
    return call_at(detail::deadline_after(now(), delay), std::move(function));
}

CallHandle BasicLoop::call_at(TimePoint when, UniqueFunction<void()> function) {
    detail::Reference<detail::Call> call(new detail::Call(*this, std::move(function)));
    call->schedule_at(when);
    return CallHandle(std::move(call));
}

double BasicLoop::time() const noexcept {
    return std::chrono::duration<double>(now().time_since_epoch()).count();
}

void BasicLoop::call_exception_handler(const ExceptionContext& context) noexcept {
    try {
        if (exception_handler_) {
            exception_handler_(context);
        } else {
            log_unhandled(context);
        }
    } catch (...) {
        log::error(
            "asyncio.unhandled",
            "exception in the exception handler: {}",
            describe_exception(std::current_exception()));
    }
}

void BasicLoop::run_node(detail::ReadyNode& node) noexcept {
    if (!debug_) {
        node.run();
        return;
    }
    const TimePoint begin = Clock::now();
    node.run();
    const Duration spent = Clock::now() - begin;
    if (spent >= slow_callback_duration_) {
        log::warning(
            "asyncio",
            "callback took {:.3f} seconds",
            std::chrono::duration<double>(spent).count());
    }
}

void BasicLoop::run_turn() noexcept {
    ready_.push(turn_end_);
    while (detail::ReadyNode* node = ready_.pop()) {
        if (node == &turn_end_) {
            return;
        }
        run_node(*node);
    }
}

void BasicLoop::expire_timers() noexcept {
    if (timers_.empty()) {
        return;
    }
    const TimePoint time = now();
    while (detail::TimerNode* timer = timers_.pop_expired(time)) {
        timer->expire();
    }
}

template <typename Condition>
void BasicLoop::run_while(Condition&& condition) {
    if (running_ || Scheduler::current_or_null() != nullptr) {
        throw InvalidStateError("an event loop runs in this thread already");
    }
    const RunScope running(*this);
    const auto goes_on = [&] { return !stopping_ && condition(); };
    while (condition()) {
        for (int turn = 0; turn < kTurnsBetweenPolls && ready(); ++turn) {
            run_turn();
            expire_timers();
            if (!goes_on()) {
                return;
            }
        }
        // A stop() from before the run ends it after one turn, as asyncio has it.
        if (!goes_on()) {
            return;
        }
        poll(!ready());
        expire_timers();
    }
}

void BasicLoop::run_until_done(detail::Completion& completion) {
    const detail::Reference<detail::Completion> alive(&completion);
    run_while([&completion] { return !completion.done(); });
    if (!completion.done()) {
        throw InvalidStateError("loop stopped before future completed");
    }
}

void BasicLoop::run_forever() {
    run_while([] { return true; });
}

void BasicLoop::end_all_tasks(Duration limit) noexcept {
    if (!has_tasks()) {
        return;
    }
    ending_ = true;
    cancel_all_tasks(CancelReason::kShutdown);
    try {
        // A timer of our own, so that a task parked for ever does not make the poll wait for ever.
        const TimePoint deadline = detail::deadline_after(now(), limit);
        CallHandle tick = call_at(deadline, [] {});
        const auto goes_on = [this, deadline] { return has_tasks() && now() < deadline; };
        while (goes_on()) {
            run_while(goes_on);  // a task may call stop() while it ends
        }
        tick.cancel();
    } catch (...) {
        log::error("asyncio", "closing the loop: {}", describe_exception(std::current_exception()));
    }
    if (has_tasks()) {
        log::error(
            "asyncio",
            "tasks that did not end when cancelled were destroyed: {}",
            fmt::join(task_names(), ", "));
        const Running current(*this);
        abandon_all_tasks();
    }
    ending_ = false;
}

void BasicLoop::drop_callbacks() noexcept {
    const Running current(*this);
    // What a callback captured may schedule something more when it dies.
    do {
        timers_.drop_all();
        while (detail::ReadyNode* node = ready_.pop()) {
            node->drop();
        }
    } while (!timers_.empty());
}

}  // namespace aiomisc
