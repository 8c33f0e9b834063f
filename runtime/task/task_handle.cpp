// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/task_handle.h>

#include <aiomisc/runtime/task/context_var.h>

#include <utility>

namespace aiomisc::detail {

namespace {

/// Owns itself: from the registration until it ran, or until the loop drops it.
class DoneCallback final : private CompletionObserver, private ReadyNode {
public:
    DoneCallback(
        Scheduler& scheduler, Reference<Completion> completion, UniqueFunction<void()> callback)
        : scheduler_(scheduler),
          completion_(std::move(completion)),
          callback_(std::move(callback)),
          context_(ContextValues::current()) {}

    void start() noexcept {
        if (completion_->done()) {
            scheduler_.schedule(*this);
        } else {
            completion_->observe(*this);
        }
    }

private:
    void on_completed(Completion&) noexcept override { scheduler_.schedule(*this); }

    void run() noexcept override {
        ContextValues* const previous = ContextValues::exchange_current(&context_);
        try {
            callback_();
        } catch (...) {
            scheduler_.call_exception_handler(
                {"exception in a done callback",
                 std::current_exception(),
                 completion_->task_name()});
        }
        ContextValues::exchange_current(previous);
        delete this;
    }

    void drop() noexcept override { delete this; }

    Scheduler& scheduler_;
    Reference<Completion> completion_;
    UniqueFunction<void()> callback_;
    ContextValues context_;
};

}  // namespace

void call_when_done(Reference<Completion> completion, UniqueFunction<void()> callback) {
    auto* task = dynamic_cast<TaskCore*>(completion.get());
    Scheduler& scheduler = task == nullptr ? Scheduler::current() : task->scheduler();
    auto* done = new DoneCallback(scheduler, std::move(completion), std::move(callback));
    done->start();
}

}  // namespace aiomisc::detail
