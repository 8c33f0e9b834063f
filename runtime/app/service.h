// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/context.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc {

/// What becomes of a task of a service when the service is stopped.
enum class OnStop {
    kCancel,  ///< it is cancelled
    kAwait,   ///< it may come to its end, within its limit
};

struct ServiceTaskOptions {
    std::string name{};
    OnStop on_stop = OnStop::kCancel;
    /// How long kAwait waits before it cancels; none: as long as it takes, in a shutdown by signal
    /// until that is over its limit.
    std::optional<Duration> stop_timeout{};
};

/// A part of a program with a start and a stop; an Entrypoint runs them.
///
///     struct Greeter : aiomisc::Service {
///         aiomisc::Task<> start() override {
///             start_event().set();                 // ready; what follows is the payload
///             for (;;) {
///                 co_await aiomisc::sleep(1s);
///                 aiomisc::log::info("greeter", "hello");
///             }
///         }
///     };
///
/// start() either returns when the service is ready, or sets start_event() when it is and goes on
/// with its work: then it is cancelled at the stop. A service is used on one loop at a time; it may
/// be started again after it was stopped.
///
/// Order at the stop: stop(), then the payload (start(), where it goes on) is cancelled and waited
/// for, then the tasks of create_task().
///
/// Affinity:  loop.
/// Idea:      aiomisc.Service.
/// Example:   examples/services
class Service {
public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service();

    /// For logs and errors: by default the name of the class.
    [[nodiscard]] virtual std::string name() const;

    /// See above. What it throws before the service is ready fails the start of the program; later,
    /// EntrypointOptions::on_service_failure decides.
    virtual Task<> start() = 0;

    /// Ends what start() began. `reason` is why the program ends: the error of its body, or
    /// ShutdownRequested; null when it ends as planned. What it throws is logged; the other
    /// services are stopped nevertheless.
    virtual Task<> stop(std::exception_ptr reason);

    /// Errors: InvalidStateError (not started yet; likewise the next three).
    [[nodiscard]] EventLoop& loop() const;

    /// Set when the service is ready; new with each start.
    [[nodiscard]] Event& start_event() const;

    /// The context of the loop.
    [[nodiscard]] Context& context() const;

    /// Called by the constructor of the Entrypoint that the service is given to, while the process
    /// has, at best, one thread: for services that fork. By default nothing.
    virtual void prepare() {}

    /// Binds the service to the loop that will start it. The Entrypoint calls it.
    void set_loop(EventLoop& loop);

    /// Ends the tasks of create_task(), each as its options say, and waits for the end. The
    /// Entrypoint calls it.
    ///
    /// Cancel:    cancels the tasks, and lasts until they ended.
    Task<> end_tasks();

    /// Tasks of create_task() that have not ended.
    [[nodiscard]] std::size_t tasks() const noexcept { return tasks_->size(); }

protected:
    /// Starts a task that belongs to this service, and ends with it. An error it ends with goes to
    /// the exception handler of the loop.
    void create_task(Task<> task, ServiceTaskOptions options = {});

private:
    struct OwnedTask {
        TaskHandle<> handle;
        ServiceTaskOptions options;
    };

    using OwnedTasks = std::list<OwnedTask>;

    std::optional<CallHandle> begin_to_end(OwnedTask& task);

    EventLoop* loop_ = nullptr;
    std::unique_ptr<Event> start_event_;
    std::shared_ptr<OwnedTasks> tasks_ = std::make_shared<OwnedTasks>();
};

using ServicePtr = std::shared_ptr<Service>;
using ServiceList = std::vector<ServicePtr>;

}  // namespace aiomisc
