// SPDX-License-Identifier: MIT
#include "entrypoint_life.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/app/start_hooks.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/thread/default_executor.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

namespace aiomisc::detail {

namespace {

struct EntrypointOfLoop final : LoopExtension {
    explicit EntrypointOfLoop(EventLoop&) {}

    Entrypoint* entrypoint = nullptr;
};

template <typename Parse>
auto parse_option(const char* key, const std::string& text, Parse&& parse)
    -> std::optional<decltype(parse(text))> {
    if (text.empty()) {
        return std::nullopt;
    }
    try {
        return parse(text);
    } catch (const std::invalid_argument& error) {
        throw ConfigError(key, "EntrypointOptions", error.what());
    }
}

void configure_logging(const EntrypointOptions& options, bool buffered) {
    log::basic_config({
        .level = parse_option("log_level", options.log_level, log::parse_level),
        .log_format = parse_option("log_format", options.log_format, log::parse_format),
        .date_format = options.log_date_format,
        .handlers = options.log_handlers,
        .buffered = buffered,
        .buffer_size = options.log_buffer_size,
        .flush_interval = options.log_flush_interval,
    });
}

/// The same service given twice runs once.
ServiceList without_duplicates(ServiceList services) {
    ServiceList result;
    for (ServicePtr& service : services) {
        if (!service) {
            throw InvalidStateError("an Entrypoint was given a null service");
        }
        if (std::ranges::find(result, service) == result.end()) {
            result.push_back(std::move(service));
        }
    }
    return result;
}

bool is_cancellation(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const CancelledError&) {
        return true;
    } catch (...) {
        return false;
    }
}

/// Receivers do not hold up a stop.
void log_errors(const char* signal, const std::vector<std::exception_ptr>& errors) {
    for (const std::exception_ptr& error : errors) {
        log::with_exception(error).error("aiomisc", "a receiver of {} failed", signal);
    }
}

Task<> wait_for_event(Event* event) {
    co_await event->wait();
}

}  // namespace

EntrypointLife::EntrypointLife(Entrypoint& owner, EntrypointOptions options, ServiceList services)
    : owner_(&owner),
      options_(std::move(options)),
      settings_(resolve(options_)),
      initial_(without_duplicates(std::move(services))),
      loop_(options_.loop) {
    if (settings_.log_config) {
        configure_logging(options_, false);
    }
    load_plugins();
    call_start_hooks();
    for (const ServicePtr& service : initial_) {
        service->prepare();
    }
}

void EntrypointLife::abandon() noexcept {
    try {
        if (!entered_ || stopped_.is_set() || loop_->closed()) {
            leave();
        } else if (!loop_->is_running()) {
            close(nullptr);
        } else {
            log::error(
                "aiomisc",
                "an Entrypoint was destroyed before its end, and stops in the background: co_await "
                "stop() first");
            begin_stop(nullptr);
        }
    } catch (...) {
        log::with_exception(std::current_exception()).error("aiomisc", "at the end");
    }
    if (entered_ && !loop_->closed() && of(*loop_) == owner_) {
        loop_->extension<EntrypointOfLoop>().entrypoint = nullptr;
    }
    owner_ = nullptr;
    if (services_) {
        services_->forget_owner();
    }
}

EventLoop& EntrypointLife::loop() {
    if (loop_ == nullptr) {
        own_loop_ = options_.loop_factory ? options_.loop_factory() : std::make_unique<EventLoop>();
        loop_ = own_loop_.get();
    }
    return *loop_;
}

Context& EntrypointLife::context() const {
    if (!context_) {
        throw InvalidStateError("the entrypoint is not started: it has no context");
    }
    return *context_;
}

Entrypoint* EntrypointLife::of(EventLoop& loop) {
    return loop.extension<EntrypointOfLoop>().entrypoint;
}

ServiceList EntrypointLife::services() const {
    return services_ ? services_->list() : initial_;
}

void EntrypointLife::run_forever() {
    try {
        run(wait_for_event(&stopped_));
    } catch (const CancelledError&) {
        if (!requested_) {
            throw;
        }
        if (stop_error_) {
            std::rethrow_exception(stop_error_);
        }
    }
}

void EntrypointLife::run(Task<> main) {
    const Self self = shared_from_this();
    if (entered_) {
        throw InvalidStateError("an Entrypoint is started once");
    }
    std::exception_ptr error;
    try {
        loop().run_until_complete(live(shared_from_this(), std::move(main)));
    } catch (...) {
        error = std::current_exception();
    }
    finish_run(std::move(error));
}

/// The whole life of a program with a main task.
Task<> EntrypointLife::live(Self self, Task<> main) {
    self->has_main_ = true;
    co_await self->start();
    TaskHandle<> body = create_task(std::move(main), "main");
    TaskHandle<> stopped = ensure_future(self->stopped_.wait());
    {
        CompletionSet set({body.state(), stopped.state()});
        co_await set.wait(Until::kFirst);
    }
    co_await cancel_tasks(stopped);
    const std::exception_ptr error = body.done() ? body.exception() : nullptr;
    std::exception_ptr stop_error;
    try {
        co_await self->stop(error && !is_cancellation(error) ? error : nullptr);
    } catch (...) {
        stop_error = std::current_exception();
    }
    body.cancel(CancelReason::kShutdown);
    co_await wait_until_ended({body.state()});
    body.result();
    if (stop_error) {
        std::rethrow_exception(stop_error);
    }
}

void EntrypointLife::open() {
    if (entered_) {
        throw InvalidStateError("an Entrypoint is started once");
    }
    try {
        loop().run_until_complete(start());
    } catch (...) {
        finish_run(std::current_exception());
    }
}

void EntrypointLife::close(std::exception_ptr reason) {
    if (loop_ != nullptr && loop_->is_running()) {
        throw InvalidStateError("close() is for outside of the loop: co_await stop() within");
    }
    std::exception_ptr error;
    if (entered_ && !stopped_.is_set() && !loop_->closed()) {
        try {
            loop_->run_until_complete(stop(std::move(reason)));
        } catch (...) {
            error = std::current_exception();
        }
    } else if (!reported_) {
        error = stop_error_;
    }
    finish_run(std::move(error));
}

/// What was started is stopped, whatever ended the run; then how it ended is thrown, once.
void EntrypointLife::finish_run(std::exception_ptr error) {
    if (entered_ && !stopped_.is_set() && !loop_->closed() && !loop_->is_running()) {
        try {
            loop_->run_until_complete(stop(error));
        } catch (...) {
            log::debug("aiomisc", "the stop failed as well");
        }
    }
    leave();
    if (timed_out_ && !std::exchange(reported_, true)) {
        throw SystemExit(kShutdownTimedOut);
    }
    reported_ = reported_ || stopped_.is_set();
    if (error) {
        std::rethrow_exception(error);
    }
}

/// On the loop, before anything is started.
void EntrypointLife::enter(EventLoop& loop) {
    if (entered_) {
        throw InvalidStateError("an Entrypoint is started once");
    }
    if (loop_ != nullptr && loop_ != &loop) {
        throw InvalidStateError("an Entrypoint is started on the loop that it has");
    }
    auto context = std::make_unique<Context>(loop);
    if (!settings_.signals.empty()) {
        signals_ = std::make_shared<Signals>(loop, settings_.signals);
        second_signal_.emplace(settings_.signals);
    }
    loop_ = &loop;
    context_ = std::move(context);
    const std::weak_ptr<EntrypointLife> weak = weak_from_this();
    services_ = std::make_shared<RunningServices>(
        loop,
        RunningServices::Hooks{
            .emit =
                [weak](RunningServices::Moment moment, ServiceList services) {
                    return emit(weak.lock(), moment, std::move(services));
                },
            .failed =
                [weak](ServicePtr service, std::exception_ptr error) {
                    if (const Self self = weak.lock()) {
                        self->service_failed(std::move(service), std::move(error));
                    }
                }});
    entered_ = true;
    if (own_loop_ || settings_.debug) {
        loop.set_debug(settings_.debug);
    }
    if (own_loop_ && settings_.pool_size) {
        set_default_executor(
            loop,
            std::make_shared<ThreadPoolExecutor>(ThreadPoolOptions{
                .max_workers = settings_.pool_size, .statistic_name = "default"}));
    }
    if (settings_.log_config && settings_.log_buffering) {
        configure_logging(options_, true);
        log_buffered_ = true;
    }
    loop.extension<EntrypointOfLoop>().entrypoint = owner_;
    for (ServiceSignal* signal :
         {&owner_->pre_start, &owner_->post_start, &owner_->pre_stop, &owner_->post_stop}) {
        signal->freeze();
    }
    if (signals_) {
        watching_ = create_task(watch_signals(shared_from_this(), signals_), "signals");
    }
}

Task<> EntrypointLife::emit(Self self, RunningServices::Moment moment, ServiceList services) {
    if (!self || self->owner_ == nullptr) {
        co_return;
    }
    Entrypoint& owner = *self->owner_;
    const ServiceEvent event{owner, services};
    switch (moment) {
        case RunningServices::Moment::kPreStart:
            co_await owner.pre_start.call(event);
            break;
        case RunningServices::Moment::kPostStart:
            co_await owner.post_start.call(event);
            break;
        case RunningServices::Moment::kPreStop:
            log_errors("PRE_STOP", co_await owner.pre_stop.call_all(event));
            break;
        case RunningServices::Moment::kPostStop:
            log_errors("POST_STOP", co_await owner.post_stop.call_all(event));
            break;
    }
}

Task<> EntrypointLife::watch_signals(Self self, std::shared_ptr<Signals> signals) {
    const int signal = co_await signals->next();
    self->shutdown_signal_ = signal;
    log::warning("aiomisc", "{} received: shutting down", signal_name(signal));
    self->request_shutdown(std::make_exception_ptr(ShutdownRequested(signal)));
}

Task<> EntrypointLife::start() {
    const Self self = shared_from_this();
    enter(EventLoop::current());
    std::exception_ptr error;
    try {
        if (early_request_) {
            request_shutdown(std::exchange(early_request_, nullptr));
            throw CancelledError(CancelReason::kShutdown);
        }
        co_await services_->start(std::exchange(initial_, {}));
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) {
        co_return;
    }
    try {
        co_await stop(error);
    } catch (...) {
        log::debug("aiomisc", "the stop after a failed start failed as well");
    }
    std::rethrow_exception(error);
}

Task<> EntrypointLife::start_services(ServiceList services) {
    const Self self = shared_from_this();
    if (!entered_ || closing_.is_set()) {
        throw InvalidStateError("services are started while the entrypoint runs");
    }
    services = without_duplicates(std::move(services));
    const ServiceList before = services_->list();
    std::exception_ptr error;
    try {
        co_await services_->start(services);
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) {
        co_return;
    }
    // Those that ran before are the reason why this was refused; they go on.
    std::erase_if(services, [&](const ServicePtr& service) {
        return std::ranges::find(before, service) != before.end();
    });
    if (!closing_.is_set() && !services.empty()) {
        try {
            co_await stop_services(std::move(services), error);
        } catch (const std::exception&) {
            log::debug("aiomisc", "the stop after a failed start failed as well");
        }
    }
    std::rethrow_exception(error);
}

/// Nobody may wait for what waits for him.
void EntrypointLife::refuse_inside_stop() const {
    if (services_ && services_->inside_stop()) {
        throw InvalidStateError(
            "a stop would wait for itself: what it runs calls request_shutdown() instead");
    }
}

Task<> EntrypointLife::stop_services(ServiceList services, std::exception_ptr reason) {
    const Self self = shared_from_this();
    if (!entered_) {
        throw InvalidStateError("the entrypoint is not started");
    }
    refuse_inside_stop();
    std::erase_if(stops_, [](const TaskHandle<>& stop) { return stop.done(); });
    // In a task of its own: the caller may be the payload of one of them, which is cancelled.
    TaskHandle<>& stop = stops_.emplace_back(
        create_task(stop_some(self, std::move(services), std::move(reason)), "stop"));
    co_await shield(stop);
}

Task<> EntrypointLife::stop_some(Self self, ServiceList services, std::exception_ptr reason) {
    co_await self->services_->stop(std::move(services), std::move(reason));
}

void EntrypointLife::service_failed(ServicePtr service, std::exception_ptr error) {
    if (closing_.is_set()) {
        return;
    }
    switch (options_.on_service_failure) {
        case OnServiceFailure::kLog:
            break;
        case OnServiceFailure::kStopService: {
            TaskHandle<>& stop = stops_.emplace_back(create_task(
                stop_some(shared_from_this(), {std::move(service)}, std::move(error)), "stop"));
            stop.state()->mark_seen();  // it is logged
            break;
        }
        case OnServiceFailure::kShutdown:
            request_shutdown(std::move(error));
            break;
    }
}

void EntrypointLife::request_shutdown(std::exception_ptr reason) noexcept {
    if (!reason) {
        reason = std::make_exception_ptr(ShutdownRequested("shutdown requested"));
    }
    if (!entered_) {
        early_request_ = early_request_ ? early_request_ : reason;
        return;
    }
    if (std::exchange(requested_, true) || stopped_.is_set()) {
        return;
    }
    try {
        limit_.emplace(*loop_, settings_.shutdown_timeout, [weak = weak_from_this()] {
            if (const Self self = weak.lock()) {
                self->limit_passed();
            }
        });
    } catch (const std::exception& error) {
        log::error("aiomisc", "the shutdown has no limit: {}", error.what());
    }
    begin_stop(std::move(reason));
}

/// On the loop, when the shutdown took too long.
void EntrypointLife::limit_passed() noexcept {
    if (stopped_.is_set() && !has_main_) {
        return;
    }
    timed_out_ = true;
    log::warning(
        "aiomisc",
        "the shutdown did not happen in {} seconds, aborting",
        std::chrono::duration<double>(settings_.shutdown_timeout).count());
    if (stopping_) {
        stopping_.cancel(CancelReason::kTimeout);
    }
}

Task<> EntrypointLife::stop(std::exception_ptr reason) {
    const Self self = shared_from_this();
    if (!entered_) {
        throw InvalidStateError("the entrypoint is not started");
    }
    begin_stop(std::move(reason));
    refuse_inside_stop();
    co_await stopped_.wait();
    reported_ = !timed_out_;
    if (timed_out_ && !has_main_) {
        reported_ = true;
        throw SystemExit(kShutdownTimedOut);
    }
    if (stop_error_) {
        std::rethrow_exception(stop_error_);
    }
}

void EntrypointLife::begin_stop(std::exception_ptr reason) {
    if (closing_.is_set()) {
        return;
    }
    write_log_at_once();
    closing_.set();
    stopping_ = create_task(*loop_, stop_everything(shared_from_this(), std::move(reason)), "stop");
}

Task<> EntrypointLife::stop_everything(Self self, std::exception_ptr reason) {
    try {
        if (!self->requested_) {
            // A signal from here on acts as it did before the start.
            co_await self->forget_signals();
        }
        co_await self->services_->close();
        CompletionSet::Members stops;
        for (const TaskHandle<>& stop : self->stops_) {
            stops.push_back(stop.state());
        }
        co_await wait_until_ended(std::move(stops));
        co_await self->services_->stop_all(std::move(reason));
    } catch (...) {
        self->stop_error_ = std::current_exception();
    }
    if (!self->own_loop_) {
        co_await self->forget_signals();
        self->detach();
    }
    self->stopped_.set();
    if (self->has_main_) {
        co_return;
    }
    self->limit_.reset();
    if (self->requested_ && self->own_loop_) {
        self->loop_->stop();
    }
}

Task<> EntrypointLife::forget_signals() {
    if (watching_) {
        co_await cancel_tasks(watching_);
    }
    second_signal_.reset();
    signals_.reset();
}

/// Nothing of ours stays in the loop.
void EntrypointLife::detach() {
    context_->close();
    if (of(*loop_) == owner_) {
        loop_->extension<EntrypointOfLoop>().entrypoint = nullptr;
    }
}

/// After the stop, where it was ours to run the loop.
void EntrypointLife::leave() {
    if (own_loop_ && !own_loop_->closed() && !own_loop_->is_running()) {
        own_loop_->end_tasks();
        if (context_) {
            context_->close();
        }
        own_loop_->close();
    }
    limit_.reset();
    second_signal_.reset();
    signals_.reset();
}

/// From the begin of the stop on.
void EntrypointLife::write_log_at_once() noexcept {
    try {
        if (std::exchange(log_buffered_, false)) {
            configure_logging(options_, false);
        }
    } catch (const std::exception& error) {
        log::error("aiomisc", "the log stays buffered: {}", error.what());
    }
}

}  // namespace aiomisc::detail
