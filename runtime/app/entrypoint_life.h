// SPDX-License-Identifier: MIT
#pragma once

#include "running_services.h"
#include "second_signal.h"
#include "shutdown_limit.h"

#include <aiomisc/runtime/app/context.h>
#include <aiomisc/runtime/app/options.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <exception>
#include <list>
#include <memory>
#include <optional>

namespace aiomisc {

class Entrypoint;

namespace detail {

/// What an Entrypoint is made of. Its tasks keep it alive: an entrypoint may be destroyed while
/// they run, by an exception on its way, and then they end in the background.
class EntrypointLife : public std::enable_shared_from_this<EntrypointLife> {
public:
    EntrypointLife(Entrypoint& owner, EntrypointOptions options, ServiceList services);

    /// The entrypoint is going.
    void abandon() noexcept;

    void run(Task<> main);
    void run_forever();
    void open();
    void close(std::exception_ptr reason);
    Task<> start();
    Task<> stop(std::exception_ptr reason);
    Task<> start_services(ServiceList services);
    Task<> stop_services(ServiceList services, std::exception_ptr reason);
    void request_shutdown(std::exception_ptr reason) noexcept;

    [[nodiscard]] EventLoop& loop();
    [[nodiscard]] Context& context() const;
    [[nodiscard]] ServiceList services() const;

    [[nodiscard]] Event& closing() noexcept { return closing_; }

    [[nodiscard]] int shutdown_signal() const noexcept { return shutdown_signal_; }

    /// The entrypoint of a loop, or null.
    static Entrypoint* of(EventLoop& loop);

private:
    using Self = std::shared_ptr<EntrypointLife>;

    static Task<> live(Self self, Task<> main);
    static Task<> stop_everything(Self self, std::exception_ptr reason);
    static Task<> stop_some(Self self, ServiceList services, std::exception_ptr reason);
    static Task<> watch_signals(Self self, std::shared_ptr<Signals> signals);
    static Task<> emit(Self self, RunningServices::Moment moment, ServiceList services);

    void enter(EventLoop& loop);
    void begin_stop(std::exception_ptr reason);
    void service_failed(ServicePtr service, std::exception_ptr error);
    void limit_passed() noexcept;
    void write_log_at_once() noexcept;
    Task<> forget_signals();
    void detach();
    void leave();
    void finish_run(std::exception_ptr error);
    void refuse_inside_stop() const;

    Entrypoint* owner_;
    EntrypointOptions options_;
    Settings settings_;
    ServiceList initial_;

    std::unique_ptr<EventLoop> own_loop_;
    EventLoop* loop_ = nullptr;
    std::unique_ptr<Context> context_;
    std::shared_ptr<RunningServices> services_;

    bool entered_ = false;
    bool has_main_ = false;   ///< a live() waits for the stop, and goes on after it
    bool requested_ = false;  ///< the stop is a shutdown, with a limit
    bool timed_out_ = false;
    bool reported_ = false;  ///< somebody was told how the stop ended
    bool log_buffered_ = false;
    int shutdown_signal_ = 0;
    std::exception_ptr early_request_;  ///< from before the start
    std::exception_ptr stop_error_;
    Event closing_;
    Event stopped_;

    std::shared_ptr<Signals> signals_;
    std::optional<SecondSignal> second_signal_;  // restores before signals_ does
    std::optional<ShutdownLimit> limit_;
    TaskHandle<> watching_;
    TaskHandle<> stopping_;
    std::list<TaskHandle<>> stops_;  ///< of some services
};

}  // namespace detail

}  // namespace aiomisc
