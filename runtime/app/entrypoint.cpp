// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/entrypoint.h>

#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/app/start_hooks.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/thread/default_executor.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>

namespace aiomisc {

namespace {

struct EntrypointOfLoop final : detail::LoopExtension {
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

Task<> wait_for_event(Event* event) {
    co_await event->wait();
}

/// Waits until one has ended; cancelled, it leaves all to the caller.
Task<> wait_for_first(detail::CompletionSet::Members members) {
    detail::CompletionSet set(members);
    co_await set.wait(detail::Until::kFirst);
}

}  // namespace

ShutdownRequested::ShutdownRequested(int signal)
    : Error(signal_name(signal) + " received"), signal_(signal) {}

/// A service that is started, runs, or is being stopped.
struct Entrypoint::Member {
    ServicePtr service;
    TaskHandle<> payload{};  ///< run_service()
    bool started = false;    ///< its failure is no failed start any more
};

ServiceSignal& Entrypoint::PRE_START() {
    static ServiceSignal signal;
    return signal;
}

ServiceSignal& Entrypoint::POST_START() {
    static ServiceSignal signal;
    return signal;
}

ServiceSignal& Entrypoint::PRE_STOP() {
    static ServiceSignal signal;
    return signal;
}

ServiceSignal& Entrypoint::POST_STOP() {
    static ServiceSignal signal;
    return signal;
}

Entrypoint::Entrypoint(EntrypointOptions options, ServiceList services)
    : options_(std::move(options)),
      settings_(detail::resolve(options_)),
      loop_(options_.loop),
      initial_(without_duplicates(std::move(services))) {
    if (settings_.log_config) {
        configure_logging(options_, false);
    }
    load_plugins();
    pre_start = PRE_START().copy();
    post_start = POST_START().copy();
    pre_stop = PRE_STOP().copy();
    post_stop = POST_STOP().copy();
    detail::call_start_hooks();
    for (const ServicePtr& service : initial_) {
        service->prepare();
    }
}

Entrypoint::~Entrypoint() {
    try {
        if (entered_ && !stopped_.is_set() && loop_->is_running()) {
            log::error(
                "aiomisc", "an Entrypoint was destroyed before its end: co_await stop() first");
            detach();
        } else {
            close();
        }
    } catch (...) {
        log::error("aiomisc", "at the end: {}", describe_exception(std::current_exception()));
    }
}

EventLoop& Entrypoint::loop() {
    if (loop_ == nullptr) {
        own_loop_ = options_.loop_factory ? options_.loop_factory() : std::make_unique<EventLoop>();
        loop_ = own_loop_.get();
    }
    return *loop_;
}

Context& Entrypoint::context() const {
    if (!context_) {
        throw InvalidStateError("the entrypoint is not started: it has no context");
    }
    return *context_;
}

Entrypoint& Entrypoint::get_current() {
    Scheduler* const scheduler = Scheduler::current_or_null();
    auto* const loop = dynamic_cast<EventLoop*>(scheduler);
    Entrypoint* const entrypoint =
        loop == nullptr ? nullptr : loop->extension<EntrypointOfLoop>().entrypoint;
    if (entrypoint == nullptr) {
        throw InvalidStateError("no current entrypoint is set");
    }
    return *entrypoint;
}

ServiceList Entrypoint::services() const {
    if (!entered_) {
        return initial_;
    }
    ServiceList result;
    std::ranges::transform(
        members_, std::back_inserter(result), [](const auto& member) { return member->service; });
    return result;
}

void Entrypoint::run_forever() {
    has_main_ = true;
    try {
        run(wait_for_event(&stopped_));
    } catch (const CancelledError&) {
        if (!closing_.is_set()) {
            throw;
        }
        if (stop_error_) {
            std::rethrow_exception(stop_error_);
        }
    }
}

void Entrypoint::run(Task<> main) {
    has_main_ = true;
    std::exception_ptr error;
    try {
        loop().run_until_complete(live(std::move(main)));
    } catch (...) {
        error = std::current_exception();
    }
    leave();
    if (timed_out_) {
        throw SystemExit(kShutdownTimedOut);
    }
    if (error) {
        std::rethrow_exception(error);
    }
}

/// The whole life of a program with a main task.
Task<> Entrypoint::live(Task<> main) {
    co_await start();
    TaskHandle<> body = aiomisc::create_task(std::move(main), "main");
    TaskHandle<> stopped = aiomisc::create_task(wait_for_event(&stopped_), "stopped");
    co_await wait_for_first({body.state(), stopped.state()});
    co_await cancel_tasks(stopped);
    const std::exception_ptr error = body.done() ? body.exception() : nullptr;
    std::exception_ptr stop_error;
    try {
        co_await stop(error && !is_cancellation(error) ? error : nullptr);
    } catch (const std::exception&) {
        stop_error = std::current_exception();
    }
    body.cancel(CancelReason::kShutdown);
    co_await detail::wait_until_ended({body.state()});
    body.result();
    if (stop_error) {
        std::rethrow_exception(stop_error);
    }
}

void Entrypoint::open() {
    try {
        loop().run_until_complete(start());
    } catch (...) {
        leave();
        throw;
    }
}

void Entrypoint::close(std::exception_ptr reason) {
    std::exception_ptr error;
    if (entered_ && !stopped_.is_set()) {
        try {
            loop_->run_until_complete(stop(std::move(reason)));
        } catch (...) {
            error = std::current_exception();
        }
    }
    leave();
    if (timed_out_ && error) {
        throw SystemExit(kShutdownTimedOut);
    }
    if (error) {
        std::rethrow_exception(error);
    }
}

/// On the loop, before anything is started.
void Entrypoint::enter(EventLoop& loop) {
    if (entered_) {
        throw InvalidStateError("an Entrypoint is started once");
    }
    loop_ = &loop;
    context_ = std::make_unique<Context>(loop);
    entered_ = true;
    if (own_loop_ || settings_.debug) {
        loop.set_debug(settings_.debug);
    }
    if (own_loop_ && settings_.pool_size) {
        set_default_executor(
            loop,
            std::make_shared<ThreadPoolExecutor>(ThreadPoolOptions{
                .max_workers = *settings_.pool_size, .statistic_name = "default"}));
    }
    if (settings_.log_config && settings_.log_buffering) {
        configure_logging(options_, true);
        log_buffered_ = true;
    }
    loop.extension<EntrypointOfLoop>().entrypoint = this;
    for (ServiceSignal* signal : {&pre_start, &post_start, &pre_stop, &post_stop}) {
        signal->freeze();
    }
    if (!settings_.signals.empty()) {
        signals_.emplace(loop, settings_.signals);
        watching_ = aiomisc::create_task(watch_signals(), "signals");
    }
}

/// Nothing of ours stays in the loop, or in the process.
void Entrypoint::detach() {
    watching_ = {};
    signals_.reset();
    context_->close();
    loop_->extension<EntrypointOfLoop>().entrypoint = nullptr;
}

/// From the begin of the stop on.
void Entrypoint::write_log_at_once() noexcept {
    try {
        if (std::exchange(log_buffered_, false)) {
            configure_logging(options_, false);
        }
    } catch (const std::exception& error) {
        log::error("aiomisc", "the log stays buffered: {}", error.what());
    }
}

/// After the stop, where it was ours to run the loop.
void Entrypoint::leave() {
    if (own_loop_ && !own_loop_->closed()) {
        own_loop_->end_tasks();
        if (context_) {
            context_->close();
        }
        own_loop_->close();
    }
    limit_.reset();
    second_signal_.reset();
}

Task<> Entrypoint::watch_signals() {
    const int signal = co_await signals_->next();
    shutdown_signal_ = signal;
    signals_.reset();
    second_signal_.emplace(settings_.signals);
    log::warning("aiomisc", "{} received: shutting down", signal_name(signal));
    request_shutdown(std::make_exception_ptr(ShutdownRequested(signal)));
}

Task<> Entrypoint::start() {
    enter(EventLoop::current());
    std::exception_ptr error;
    try {
        starting_ = aiomisc::create_task(start_members(std::exchange(initial_, {})), "start");
        co_await starting_;
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) {
        co_return;
    }
    try {
        co_await stop(error);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is logged
    }
    std::rethrow_exception(error);
}

Task<> Entrypoint::start_services(ServiceList services) {
    if (!entered_ || closing_.is_set()) {
        throw InvalidStateError("services are started while the entrypoint runs");
    }
    services = without_duplicates(std::move(services));
    for (const ServicePtr& service : services) {
        if (std::ranges::find(members_, service, [](const auto& member) {
                return member->service;
            }) != members_.end()) {
            throw InvalidStateError(service->name() + " runs already");
        }
    }
    std::exception_ptr error;
    try {
        co_await start_members(services);
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) {
        co_return;
    }
    try {
        co_await stop_services(std::move(services), error);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is logged
    }
    std::rethrow_exception(error);
}

Task<> Entrypoint::stop_services(ServiceList services, std::exception_ptr reason) {
    // In a task of its own: the caller may be the payload of one of them, which is cancelled.
    return shield(stop_members(std::move(services), std::move(reason)));
}

/// Starts them all at once. After an error those that were still starting have ended; all are
/// members, to be stopped.
Task<> Entrypoint::start_members(ServiceList services) {
    std::vector<Member*> starting;
    for (const ServicePtr& service : services) {
        service->set_loop(*loop_);
        starting.push_back(members_.emplace_back(new Member{.service = service}).get());
    }
    const ServiceEvent event{*this, services};
    co_await pre_start.call(event);
    std::vector<TaskHandle<>> starts;
    starts.reserve(starting.size());
    for (Member* member : starting) {
        starts.push_back(aiomisc::create_task(start_member(member)));
    }
    std::exception_ptr error;
    try {
        detail::CompletionSet set(detail::members_of(starts));
        co_await set.wait(detail::Until::kFirstFailure);
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
    co_await post_start.call(event);
}

/// Until it is ready. An error from before that is thrown.
Task<> Entrypoint::start_member(Member* member) {
    member->payload = aiomisc::create_task(run_service(member), member->service->name());
    TaskHandle<> ready =
        aiomisc::create_task(wait_for_event(&member->service->start_event()), "start event");
    std::exception_ptr cancelled;
    try {
        co_await wait_for_first({member->payload.state(), ready.state()});
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
    member->started = true;
    member->service->start_event().set();
}

Task<> Entrypoint::run_service(Member* member) {
    try {
        co_await member->service->start();
    } catch (const CancelledError&) {
        throw;
    } catch (...) {
        // Set by the service itself, in the turn in which it fails.
        if (!member->started && !member->service->start_event().is_set()) {
            throw;
        }
        service_failed(*member, std::current_exception());
    }
}

void Entrypoint::service_failed(Member& member, std::exception_ptr error) {
    log::error(
        "aiomisc", "service {} failed: {}", member.service->name(), describe_exception(error));
    switch (options_.on_service_failure) {
        case OnServiceFailure::kLog:
            break;
        case OnServiceFailure::kStopService:
            std::erase_if(stopping_failed_, [](const TaskHandle<>& task) { return task.done(); });
            stopping_failed_.push_back(
                aiomisc::create_task(stop_failed(member.service, std::move(error))));
            break;
        case OnServiceFailure::kShutdown:
            request_shutdown(std::move(error));
            break;
    }
}

Task<> Entrypoint::stop_failed(ServicePtr service, std::exception_ptr error) {
    try {
        co_await stop_members({std::move(service)}, std::move(error));
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is logged
    }
}

void Entrypoint::request_shutdown(std::exception_ptr reason) noexcept {
    if (!entered_ || closing_.is_set()) {
        return;
    }
    try {
        limit_.emplace(*loop_, settings_.shutdown_timeout, [this] { limit_passed(); });
    } catch (const std::exception& error) {
        log::error("aiomisc", "the shutdown has no limit: {}", error.what());
    }
    begin_stop(reason ? reason : std::make_exception_ptr(ShutdownRequested("shutdown requested")));
}

/// On the loop, when the shutdown took too long.
void Entrypoint::limit_passed() {
    timed_out_ = true;
    if (stopping_) {
        stopping_.cancel(CancelReason::kTimeout);
    }
}

Task<> Entrypoint::stop(std::exception_ptr reason) {
    if (!entered_) {
        throw InvalidStateError("the entrypoint is not started");
    }
    begin_stop(std::move(reason));
    co_await stopped_.wait();
    if (stop_error_) {
        std::rethrow_exception(stop_error_);
    }
}

void Entrypoint::begin_stop(std::exception_ptr reason) {
    if (closing_.is_set()) {
        return;
    }
    write_log_at_once();
    closing_.set();
    stopping_ = aiomisc::create_task(stop_everything(std::move(reason)), "stop");
}

Task<> Entrypoint::stop_everything(std::exception_ptr reason) {
    signals_.reset();
    watching_ = {};
    try {
        if (starting_) {
            co_await cancel_tasks(starting_);
        }
        co_await detail::wait_until_ended(detail::members_of(stopping_failed_));
        co_await stop_members(services(), std::move(reason));
    } catch (...) {
        stop_error_ = std::current_exception();
    }
    const bool requested = limit_.has_value();
    if (!own_loop_) {
        detach();
    }
    stopped_.set();
    if (has_main_) {
        co_return;
    }
    limit_.reset();
    second_signal_.reset();
    if (requested) {
        loop_->stop();
    }
}

Task<> Entrypoint::stop_members(ServiceList services, std::exception_ptr reason) {
    std::vector<Member*> members;
    for (const auto& member : members_) {
        if (std::ranges::find(services, member->service) != services.end()) {
            members.push_back(member.get());
        }
    }
    co_await emit_logged(&pre_stop, "PRE_STOP", &services);
    std::vector<TaskHandle<>> stops;
    stops.reserve(members.size());
    for (const Member* member : members | std::views::reverse) {
        stops.push_back(
            aiomisc::create_task(member->service->stop(reason), member->service->name()));
    }
    co_await detail::wait_until_ended(detail::members_of(stops));
    std::exception_ptr first;
    for (std::size_t index = 0; index < stops.size(); ++index) {
        if (const std::exception_ptr error = stops[index].exception()) {
            stops[index].state()->mark_seen();
            log::error("aiomisc", "stop of {}: {}", stops[index].name(), describe_exception(error));
            first = first ? first : error;
        }
    }
    co_await end_payloads(members);
    std::erase_if(members_, [&](const auto& member) {
        return std::ranges::find(members, member.get()) != members.end();
    });
    co_await emit_logged(&post_stop, "POST_STOP", &services);
    if (first) {
        std::rethrow_exception(first);
    }
}

Task<> Entrypoint::end_payloads(std::vector<Member*> members) {
    for (Member* member : members) {
        if (member->payload) {
            member->payload.cancel(CancelReason::kShutdown);
        }
    }
    for (Member* member : members) {
        if (member->payload) {
            co_await detail::wait_until_ended({member->payload.state()});
        }
        co_await member->service->end_tasks();
    }
}

/// Receivers do not hold up a stop.
Task<> Entrypoint::emit_logged(
    ServiceSignal* signal, const char* what, const ServiceList* services) {
    const ServiceEvent event{*this, *services};
    try {
        co_await signal->call(event);
    } catch (const std::exception&) {
        log::error(
            "aiomisc",
            "a receiver of {} failed: {}",
            what,
            describe_exception(std::current_exception()));
    }
}

}  // namespace aiomisc
