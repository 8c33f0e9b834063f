// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/task_group.h>

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/task_core.h>

#include <utility>

namespace aiomisc {

/// The task in join(): parked until the group is empty. A cancellation is passed on to the members.
class TaskGroup::Joining final : public detail::Waiter {
public:
    explicit Joining(TaskGroup& group) noexcept : group_(group) {}

    Joining(const Joining&) = delete;
    Joining& operator=(const Joining&) = delete;

    ~Joining() {
        if (group_.joining_ == this) {
            group_.joining_ = nullptr;
        }
    }

    [[nodiscard]] bool await_ready() const noexcept { return group_.members_.empty(); }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        return suspend(handle);
    }

    void await_resume() {
        if (resumed()) {
            throw_cancelled();
        }
        if (passed_on_) {
            throw CancelledError(*passed_on_);
        }
    }

private:
    void park() override { group_.joining_ = this; }

    bool unpark(CancelReason reason) noexcept override {
        passed_on_ = reason;
        group_.cancel(reason);
        return false;
    }

    TaskGroup& group_;
    std::optional<CancelReason> passed_on_;
};

TaskGroup::~TaskGroup() {
    if (members_.empty()) {
        return;
    }
    log::warning("asyncio", "task group destroyed with {} tasks running: cancelled", size());
    for (Member& member : members_) {
        member.stop_observing();
        member.task->cancel(CancelReason::kDropped);
    }
}

void TaskGroup::spawn(Task<> task, std::string name) {
    detail::Reference<detail::Completion> state =
        create_task(std::move(task), std::move(name)).release();
    Member& member = members_.emplace_back(*this, std::move(state));
    member.place = std::prev(members_.end());
    member.task->observe(member);
    if (cancelling_) {
        member.task->cancel(*cancelling_);
    }
}

Task<> TaskGroup::join() {
    if (joining_ != nullptr) {
        throw InvalidStateError("two tasks join the same task group");
    }
    std::optional<CancelledError> cancelled;
    do {
        try {
            co_await Joining(*this);
        } catch (const CancelledError& error) {
            cancelled = error;
            cancel(error.reason());
        }
    } while (!members_.empty());
    cancelling_.reset();
    if (const auto failed = std::exchange(failed_, {})) {
        failed->throw_if_failed();
    }
    if (cancelled) {
        throw CancelledError(cancelled->reason());
    }
}

void TaskGroup::cancel(CancelReason reason) noexcept {
    cancelling_ = reason;
    for (Member& member : members_) {
        member.task->cancel(reason);
    }
}

void TaskGroup::member_ended(Member& member) noexcept {
    const detail::Reference<detail::Completion> task = std::move(member.task);
    members_.erase(member.place);
    if (task->status() == detail::Completion::Status::kError && !failed_) {
        failed_ = task;
        cancel(CancelReason::kShutdown);
    }
    if (members_.empty() && joining_ != nullptr) {
        joining_->wake();
    }
}

}  // namespace aiomisc
