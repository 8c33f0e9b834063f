// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/options.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace aiomisc::detail {

/// The services of an entrypoint that are started, run, or are being stopped.
///
/// Its coroutines keep it, and each service they deal with, alive: an Entrypoint may go while they
/// run. A service is stopped once, by whoever comes first; the others wait for that.
///
/// Affinity:  loop.
class RunningServices : public std::enable_shared_from_this<RunningServices> {
public:
    enum class Moment { kPreStart, kPostStart, kPreStop, kPostStop };

    struct Hooks {
        /// Calls the receivers of a signal. At a stop their errors are logged, and are none here.
        std::function<Task<>(Moment, ServiceList)> emit;
        /// A payload failed after its service was ready. It is logged.
        std::function<void(ServicePtr, std::exception_ptr)> failed;
    };

    RunningServices(EventLoop& loop, Hooks hooks) : loop_(loop), hooks_(std::move(hooks)) {}

    /// The hooks are not called any more: the entrypoint is going.
    void forget_owner() noexcept { hooks_ = {}; }

    [[nodiscard]] ServiceList list() const;

    /// Starts them at once, beginning in order. After an error those that were still starting have
    /// ended; all are to be stopped.
    ///
    /// Errors: InvalidStateError (one runs already: nothing was started); the first error.
    Task<> start(ServiceList services);

    /// Stops them, or all. Errors of receivers and of stop() are logged.
    ///
    /// Cancel:    cancels the stop() that run, and ends payloads and tasks nevertheless.
    /// Errors:    the first error of a stop().
    Task<> stop(ServiceList services, std::exception_ptr reason);
    Task<> stop_all(std::exception_ptr reason);

    /// Starts that are under way are cancelled and waited for; none begins any more.
    Task<> close();

    /// Whether the running task is a part of a stop: it must not wait for that stop.
    [[nodiscard]] bool inside_stop() const noexcept;

private:
    struct Member;
    using MemberPtr = std::shared_ptr<Member>;
    using Self = std::shared_ptr<RunningServices>;

    static Task<> start_tracked(Self self, ServiceList services);
    static Task<> start_member(Self self, MemberPtr member);
    static Task<> run_service(Self self, MemberPtr member);
    static Task<> stop_members(
        Self self, std::vector<MemberPtr> members, std::exception_ptr reason);
    static Task<std::exception_ptr> call_stops(
        std::vector<MemberPtr> members, std::exception_ptr reason);
    static Task<> end_payloads(std::vector<MemberPtr> members);
    Task<> emit(Moment moment, ServiceList services);

    EventLoop& loop_;
    Hooks hooks_;
    std::list<MemberPtr> members_;
    std::list<TaskHandle<>> starts_;
    bool closed_ = false;
};

}  // namespace aiomisc::detail
