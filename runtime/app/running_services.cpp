// SPDX-License-Identifier: MIT
#include "running_services.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/context_var.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace aiomisc::detail {

namespace {

/// In the tasks of a stop: whose stop it is.
ContextVar<const RunningServices*>& stop_of() {
    static ContextVar<const RunningServices*> variable("aiomisc.stop_of", nullptr);
    return variable;
}

/// In a task of its own: an implementation of stop() that is no coroutine may throw at once.
Task<> call_stop(ServicePtr service, std::exception_ptr reason) {
    co_await service->stop(std::move(reason));
}

Task<> call_end_tasks(ServicePtr service) {
    co_await service->end_tasks();
}

/// How a task that is done failed; null if it did not. One that cancelled itself did.
std::exception_ptr failure_of(const TaskHandle<>& task) {
    if (task.cancelled()) {
        return std::make_exception_ptr(CancelledError());
    }
    const std::exception_ptr error = task.exception();
    task.state()->mark_seen();
    return error;
}

}  // namespace

struct RunningServices::Member {
    explicit Member(ServicePtr given) : service(std::move(given)) {}

    ServicePtr service;
    TaskHandle<> payload;  ///< run_service()
    bool ready = false;    ///< its failure is no failed start any more
    bool stopping = false;
    Event ended;
};

ServiceList RunningServices::list() const {
    ServiceList result;
    std::ranges::transform(
        members_, std::back_inserter(result), [](const auto& member) { return member->service; });
    return result;
}

bool RunningServices::inside_stop() const noexcept {
    return *stop_of().get_if_set() == this;
}

Task<> RunningServices::start(ServiceList services) {
    const Self self = shared_from_this();
    if (closed_) {
        throw InvalidStateError("services are started while the entrypoint runs");
    }
    for (const ServicePtr& service : services) {
        if (std::ranges::find(members_, service, &Member::service) != members_.end()) {
            throw InvalidStateError(service->name() + " runs already");
        }
    }
    const auto place = starts_.insert(
        starts_.end(), create_task(start_tracked(self, std::move(services)), "start"));
    std::exception_ptr error;
    try {
        co_await *place;
    } catch (...) {
        error = std::current_exception();
    }
    starts_.erase(place);
    if (error) {
        std::rethrow_exception(error);
    }
}

Task<> RunningServices::start_tracked(Self self, ServiceList services) {
    std::vector<MemberPtr> members;
    members.reserve(services.size());
    for (const ServicePtr& service : services) {
        service->set_loop(self->loop_);
        members.push_back(self->members_.emplace_back(std::make_shared<Member>(service)));
    }
    co_await self->emit(Moment::kPreStart, services);
    std::vector<TaskHandle<>> starts;
    starts.reserve(members.size());
    for (const MemberPtr& member : members) {
        starts.push_back(create_task(start_member(self, member)));
    }
    std::exception_ptr error;
    try {
        CompletionSet set(members_of(starts));
        co_await set.wait(Until::kFirstFailure);
        if (const auto failed = set.first_failure()) {
            starts[*failed].result();
        }
    } catch (...) {
        error = std::current_exception();
    }
    co_await cancel_tasks(starts);
    if (error) {
        std::rethrow_exception(error);
    }
    co_await self->emit(Moment::kPostStart, std::move(services));
}

/// Until it is ready. An error from before that is thrown.
Task<> RunningServices::start_member(Self self, MemberPtr member) {
    if (member->stopping) {
        throw CancelledError(CancelReason::kShutdown);
    }
    member->payload = create_task(run_service(self, member), member->service->name());
    TaskHandle<> ready = ensure_future(member->service->start_event().wait());
    std::exception_ptr cancelled;
    try {
        CompletionSet set({member->payload.state(), ready.state()});
        co_await set.wait(Until::kFirst);
    } catch (...) {
        cancelled = std::current_exception();
    }
    co_await cancel_tasks(ready);
    if (cancelled) {
        co_await cancel_tasks(member->payload);
        std::rethrow_exception(cancelled);
    }
    if (member->payload.done()) {
        member->payload.result();
    }
    member->ready = true;
    member->service->start_event().set();
}

Task<> RunningServices::run_service(Self self, MemberPtr member) {
    try {
        co_await member->service->start();
    } catch (const CancelledError&) {
        throw;
    } catch (...) {
        // Its event may have been set in the turn in which it fails.
        if (!member->ready && !member->service->start_event().is_set()) {
            throw;
        }
        const std::exception_ptr error = std::current_exception();
        log::with_exception(error).error("aiomisc", "service {} failed", member->service->name());
        if (!member->stopping && self->hooks_.failed) {
            self->hooks_.failed(member->service, error);
        }
    }
}

Task<> RunningServices::stop(ServiceList services, std::exception_ptr reason) {
    std::vector<MemberPtr> members;
    std::ranges::copy_if(members_, std::back_inserter(members), [&](const MemberPtr& member) {
        return std::ranges::find(services, member->service) != services.end();
    });
    return stop_members(shared_from_this(), std::move(members), std::move(reason));
}

Task<> RunningServices::stop_all(std::exception_ptr reason) {
    return stop_members(shared_from_this(), {members_.begin(), members_.end()}, std::move(reason));
}

Task<> RunningServices::close() {
    const Self self = shared_from_this();
    closed_ = true;
    CompletionSet::Members starts;
    for (TaskHandle<>& start : starts_) {
        start.cancel(CancelReason::kShutdown);
        starts.push_back(start.state());
    }
    co_await wait_until_ended(std::move(starts));
}

Task<> RunningServices::stop_members(
    Self self, std::vector<MemberPtr> members, std::exception_ptr reason) {
    std::vector<MemberPtr> mine;
    std::vector<MemberPtr> others;
    ServiceList services;
    for (const MemberPtr& member : members) {
        const bool taken = std::exchange(member->stopping, true);
        (taken ? others : mine).push_back(member);
        if (!taken) {
            services.push_back(member->service);
        }
    }
    stop_of().set(self.get());
    std::exception_ptr cancelled;
    std::exception_ptr first;
    try {
        co_await self->emit(Moment::kPreStop, services);
        first = co_await call_stops(mine, std::move(reason));
    } catch (...) {
        cancelled = std::current_exception();
    }
    try {
        co_await end_payloads(mine);
    } catch (...) {
        cancelled = std::current_exception();
    }
    for (const MemberPtr& member : mine) {
        self->members_.remove(member);
        member->ended.set();
    }
    if (cancelled) {
        std::rethrow_exception(cancelled);
    }
    co_await self->emit(Moment::kPostStop, std::move(services));
    for (const MemberPtr& member : others) {
        co_await member->ended.wait();
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

/// The first error.
Task<std::exception_ptr> RunningServices::call_stops(
    std::vector<MemberPtr> members, std::exception_ptr reason) {
    std::vector<TaskHandle<>> stops;
    stops.reserve(members.size());
    for (const MemberPtr& member : members | std::views::reverse) {
        stops.push_back(create_task(call_stop(member->service, reason), member->service->name()));
    }
    co_await wait_until_ended(members_of(stops));
    std::exception_ptr first;
    for (const TaskHandle<>& stop : stops) {
        if (const std::exception_ptr error = failure_of(stop)) {
            log::with_exception(error).error("aiomisc", "stop of {} failed", stop.name());
            first = first ? first : error;
        }
    }
    co_return first;
}

Task<> RunningServices::end_payloads(std::vector<MemberPtr> members) {
    CompletionSet::Members payloads;
    for (const MemberPtr& member : members) {
        if (member->payload) {
            member->payload.cancel(CancelReason::kShutdown);
            payloads.push_back(member->payload.state());
        }
    }
    std::exception_ptr cancelled;
    try {
        co_await wait_until_ended(std::move(payloads));
    } catch (...) {
        cancelled = std::current_exception();
    }
    std::vector<TaskHandle<>> ends;
    ends.reserve(members.size());
    for (const MemberPtr& member : members) {
        ends.push_back(create_task(call_end_tasks(member->service)));
    }
    if (cancelled) {
        co_await cancel_tasks(ends);
        std::rethrow_exception(cancelled);
    }
    co_await wait_until_ended(members_of(ends));
}

Task<> RunningServices::emit(Moment moment, ServiceList services) {
    if (hooks_.emit) {
        co_await hooks_.emit(moment, std::move(services));
    }
}

}  // namespace aiomisc::detail
