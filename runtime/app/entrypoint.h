// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/context.h>
#include <aiomisc/runtime/app/options.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/app/signal.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <concepts>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace aiomisc {

class Entrypoint;

namespace detail {

class EntrypointLife;

}  // namespace detail

/// What the receivers of an entrypoint's signals are told.
struct ServiceEvent {
    Entrypoint& entrypoint;
    std::span<const ServicePtr> services;  ///< those that are started or stopped now
};

using ServiceSignal = Signal<const ServiceEvent&>;

/// Why services are stopped, when a signal came or request_shutdown() was called.
class ShutdownRequested : public Error {
public:
    using Error::Error;

    explicit ShutdownRequested(int signal);

    /// The number of the signal, 0 if it was none.
    [[nodiscard]] int signal() const noexcept { return signal_; }

private:
    int signal_ = 0;
};

/// The program is to end with this code. Not a std::exception, so that no handler for errors stops
/// it on its way to main().
///
/// Idea:      Python's SystemExit.
class SystemExit {
public:
    explicit SystemExit(int code) noexcept : code_(code) {}

    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

/// The exit code of a program whose shutdown took longer than its limit.
inline constexpr int kShutdownTimedOut = 70;

/// The house of a program: its loop, its services, its logging, and its end.
///
///     aiomisc::Entrypoint entrypoint({.log_level = "debug"}, std::make_shared<Greeter>());
///     entrypoint.run_forever();                         // until SIGINT or SIGTERM
///
/// or around a main task, which starts when the services have started, and after which they stop:
///
///     int code = entrypoint.run_until_complete(amain());
///
/// or on a loop that runs already:
///
///     co_await entrypoint.start();  …  co_await entrypoint.stop();
///
/// Construct it before the process has threads: the zygote of worker processes is forked then.
///
/// Start: context, PRE_START, all start() at once, beginning in the order given, POST_START. Where
/// one fails, those still starting are cancelled, all are stopped with the error, and it is thrown;
/// POST_START is not sent.
///
/// Stop: logging without buffers, signal handlers back to what they were, closing(), PRE_STOP, all
/// stop() at once, beginning in reverse order, payloads cancelled, tasks of the services,
/// POST_STOP; then, on a loop of our own, the tasks that are left are cancelled; the context is
/// closed; and our own loop, with its threads. Errors of receivers and of stop() are logged and
/// stop nothing; the first error of a stop() is thrown at the end.
///
/// A signal, or request_shutdown(), begins the stop with a ShutdownRequested as reason. A main task
/// is cancelled after the services have stopped; a loop of our own that runs code of yours, between
/// open() and close(), is stopped; on a loop that you gave, closing() tells. A second signal ends
/// the process at once, with code 128 + number, even if a service blocks the thread. Once the
/// shutdown's limit has passed, what runs is cancelled, and SystemExit(70) is thrown; what does not
/// let itself be cancelled, or blocks the thread, ends with the process a second later.
///
/// Affinity:  one thread, that of its loop.
/// Idea:      aiomisc.entrypoint.
/// Example:   examples/services
class Entrypoint final {
public:
    /// Errors: ConfigError (an option or variable makes no sense); InvalidStateError (a null
    /// service).
    explicit Entrypoint(EntrypointOptions options = {}, ServiceList services = {});

    template <std::derived_from<Service>... Services>
        requires(sizeof...(Services) > 0)
    explicit Entrypoint(EntrypointOptions options, std::shared_ptr<Services>... services)
        : Entrypoint(std::move(options), ServiceList{std::move(services)...}) {}

    Entrypoint(const Entrypoint&) = delete;
    Entrypoint& operator=(const Entrypoint&) = delete;

    /// Stops what is left, as close() does; an error is logged. On a loop that runs it cannot wait:
    /// the stop goes on in the background, and the log says so.
    ~Entrypoint();

    /// Starts the services, runs `main` to its end, stops the services, and closes our own loop.
    ///
    /// Errors:    what `main` threw; what the start or a stop() of a service threw; CancelledError
    ///            (shut down by a signal or request, and `main` let itself be cancelled);
    ///            SystemExit (the shutdown timed out); InvalidStateError (a loop runs in this
    ///            thread, or this was run before).
    template <typename Value>
    Value run_until_complete(Task<Value> main) {
        const auto result = std::make_shared<Result<Value>>();
        run(keep_result(std::move(main), result));
        if constexpr (!std::is_void_v<Value>) {
            return std::move(**result);
        }
    }

    /// The same without a main task: until a signal or request_shutdown(), which is no error here.
    void run_forever();

    /// Starts the services on the running loop.
    ///
    /// Cancel:    stops what was started, and ends.
    /// Errors:    what a service threw.
    /// Affinity:  loop.
    Task<> start();

    /// Stops everything, once: who calls it again waits for the same stop.
    ///
    /// What the stop itself runs, such as the stop() of a service, must not wait for it: it calls
    /// request_shutdown().
    ///
    /// Cancel:    the stop goes on; only this wait for it ends.
    /// Errors:    the first error that a stop() threw; SystemExit (the shutdown timed out);
    ///            InvalidStateError (see above).
    /// Affinity:  loop.
    Task<> stop(std::exception_ptr reason = nullptr);

    /// For use around code of your own: makes the loop, and runs start() on it …
    void open();

    /// … and runs stop(), and closes the loop if it is ours. Idempotent.
    void close(std::exception_ptr reason = nullptr);

    /// Starts more services. Errors: as start(); InvalidStateError (one of them runs already).
    Task<> start_services(ServiceList services);

    /// Stops some of the services; the others go on. Errors: as stop().
    Task<> stop_services(ServiceList services, std::exception_ptr reason = nullptr);

    template <std::derived_from<Service>... Services>
    Task<> start_services(std::shared_ptr<Services>... services) {
        return start_services(ServiceList{std::move(services)...});
    }

    template <std::derived_from<Service>... Services>
    Task<> stop_services(std::shared_ptr<Services>... services) {
        return stop_services(ServiceList{std::move(services)...});
    }

    /// Begins the shutdown, as a signal does; a no-op once it has begun.
    ///
    /// Affinity:  loop.
    void request_shutdown(std::exception_ptr reason = nullptr) noexcept;

    /// Waits until the shutdown begins. May be called before the start.
    ///
    /// Cancel:    ends at once.
    auto closing() { return closing_event().wait(); }

    [[nodiscard]] bool is_closing() const noexcept { return closing_event().is_set(); }

    /// The signal that began the shutdown, 0 if none did.
    [[nodiscard]] int shutdown_signal() const noexcept;

    /// The services that run, in the order in which they were given.
    [[nodiscard]] ServiceList services() const;

    /// The loop; our own is made by the first call.
    [[nodiscard]] EventLoop& loop();

    /// Errors: InvalidStateError (not started).
    [[nodiscard]] Context& context() const;

    /// The entrypoint of the loop that runs in this thread.
    /// Errors: InvalidStateError ("no current entrypoint is set").
    static Entrypoint& get_current();

    /// Sent by every entrypoint that is constructed later.
    // NOLINTBEGIN(readability-identifier-naming): aiomisc's names
    static ServiceSignal& PRE_START();
    static ServiceSignal& POST_START();
    static ServiceSignal& PRE_STOP();
    static ServiceSignal& POST_STOP();
    // NOLINTEND(readability-identifier-naming)

    /// Of this entrypoint; copies of the above, frozen by the start. Sent for services that are
    /// started and stopped later too.
    ServiceSignal pre_start;
    ServiceSignal post_start;
    ServiceSignal pre_stop;
    ServiceSignal post_stop;

private:
    template <typename Value>
    using Result = std::optional<detail::Stored<Value>>;

    template <typename Value>
    static Task<> keep_result(Task<Value> main, std::shared_ptr<Result<Value>> result) {
        if constexpr (std::is_void_v<Value>) {
            co_await std::move(main);
        } else {
            result->emplace(co_await std::move(main));
        }
    }

    void run(Task<> main);
    [[nodiscard]] Event& closing_event() const noexcept;

    // Apart, because its tasks may outlive this object.
    std::shared_ptr<detail::EntrypointLife> life_;
};

}  // namespace aiomisc
