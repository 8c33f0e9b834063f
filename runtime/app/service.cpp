// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/service.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/completion_set.h>

#include <algorithm>
#include <optional>
#include <typeinfo>
#include <utility>

namespace aiomisc {

Service::~Service() = default;

std::string Service::name() const {
    return demangle(typeid(*this).name());
}

Task<> Service::stop(std::exception_ptr) {
    co_return;
}

EventLoop& Service::loop() const {
    if (loop_ == nullptr) {
        throw InvalidStateError(name() + ": the service has no loop before it is started");
    }
    return *loop_;
}

Event& Service::start_event() const {
    if (!start_event_) {
        throw InvalidStateError(name() + ": the service has no start event before it is started");
    }
    return *start_event_;
}

Context& Service::context() const {
    return get_context(loop());
}

void Service::set_loop(EventLoop& loop) {
    loop_ = &loop;
    start_event_ = std::make_unique<Event>();
}

void Service::create_task(Task<> task, ServiceTaskOptions options) {
    auto handle = aiomisc::create_task(loop(), std::move(task), options.name);
    const auto place = tasks_->insert(tasks_->end(), {std::move(handle), std::move(options)});
    // The service may be gone by then; dropped here, an error that nobody saw is reported.
    place->handle.add_done_callback([place, weak = std::weak_ptr(tasks_)] {
        if (const auto tasks = weak.lock()) {
            tasks->erase(place);
        }
    });
}

Task<> Service::end_tasks() {
    // A task that is awaited may start others while it ends.
    while (
        std::ranges::any_of(*tasks_, [](const OwnedTask& task) { return !task.handle.done(); })) {
        detail::CompletionSet::Members members;
        std::vector<CallHandle> timers;
        for (OwnedTask& task : *tasks_) {
            if (auto timer = begin_to_end(task)) {
                timers.push_back(std::move(*timer));
            }
            members.push_back(task.handle.state());
        }
        std::exception_ptr cancelled;
        try {
            co_await detail::wait_until_ended(std::move(members));
        } catch (...) {
            cancelled = std::current_exception();
        }
        for (CallHandle& timer : timers) {
            timer.cancel();
        }
        if (cancelled) {
            std::rethrow_exception(cancelled);
        }
    }
}

/// Cancels it, now, or at the time that is returned.
std::optional<CallHandle> Service::begin_to_end(OwnedTask& task) {
    if (task.options.on_stop == OnStop::kCancel) {
        task.handle.cancel(CancelReason::kShutdown);
    } else if (task.options.stop_timeout) {
        return loop_->call_later(*task.options.stop_timeout, [state = task.handle.state()] {
            state->cancel(CancelReason::kShutdown);
        });
    }
    return std::nullopt;
}

}  // namespace aiomisc
