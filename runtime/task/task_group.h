// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <cstddef>
#include <exception>
#include <list>
#include <optional>
#include <string>

namespace aiomisc {

/// Tasks that belong together: the error of one cancels the others, and join() waits for all.
///
/// A task may be spawned at any time, by the members too. A member that is cancelled on its own is
/// no error. Errors after the first go to the loop's exception handler. Call join() before the
/// group, and what its tasks refer to, goes away: a destructor cannot wait, it only cancels what is
/// left, and logs that.
///
/// Affinity:  loop.
/// Idea:      asyncio.TaskGroup.
/// Example:   tests/unit/runtime/task/task_group_test.cpp
class TaskGroup {
public:
    TaskGroup() = default;
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Starts `task` as a member. In a group that failed or was cancelled its body never runs.
    /// Errors: InvalidStateError (no loop runs in this thread).
    void spawn(Task<> task, std::string name = {});

    /// Waits until all members have ended, and throws the first error among them. The group is
    /// empty then, and may be used again.
    ///
    /// Cancel:    cancels the members, and lasts until they ended.
    /// Errors:    the first error of a member; InvalidStateError (another task is in join()).
    Task<> join();

    /// Asks all members to end, and those too that are spawned before the next join() has
    /// returned. No error: join() returns normally.
    void cancel(CancelReason reason = CancelReason::kRequested) noexcept;

    /// How many members have not ended.
    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

private:
    class Joining;

    struct Member final : detail::CompletionObserver {
        Member(TaskGroup& owner, detail::Reference<detail::Completion> member)
            : group(owner), task(std::move(member)) {}

        void on_completed(detail::Completion&) noexcept override { group.member_ended(*this); }

        TaskGroup& group;
        detail::Reference<detail::Completion> task;
        std::list<Member>::iterator place;
    };

    void member_ended(Member& member) noexcept;

    std::list<Member> members_;
    detail::Reference<detail::Completion> failed_;
    std::optional<CancelReason> cancelling_;
    Joining* joining_ = nullptr;
};

}  // namespace aiomisc
