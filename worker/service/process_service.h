// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/service/statistic.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

namespace aiomisc {

struct ProcessServiceOptions {
    /// For logs, errors and `ps`; empty: the name of the class.
    std::string name{};
    /// How long stop() waits after SIGINT before it kills.
    std::chrono::milliseconds process_stop_timeout{std::chrono::seconds(3)};
    /// Limits of the process.
    process::ResourceLimits limits{};
    /// Added to its niceness.
    int nice = 0;
    /// Name of its ProcessServiceStatistic; empty: that of the service.
    std::string statistic_name{};
};

/// A service that lives in a process of its own.
///
///     struct Indexer : aiomisc::ProcessService {
///         std::string folder = "/var/spool";
///         void in_process() override { index_for_ever(folder); }   // plain, blocking
///     };
///
/// What in_process() sees: the whole program as it was when the Entrypoint was constructed, this
/// object included. A snapshot of the process is forked then, while it has one thread, and the
/// service's process is forked from the snapshot at the start. What changes in between does not get
/// there. Of descriptors it has 0 (empty), 1, 2 and one of ours. A service that is made later, to
/// be started on a running program, derives from ProcessServiceWith.
///
/// Start: when in_process() is about to run. A process that dies before fails the start with how it
/// died. Stop: SIGINT to the process; after process_stop_timeout SIGKILL and a warning.
///
/// SIGINT has its default effect: it ends the process. in_process() may install a handler, block it
/// and sigwait() for it, or run an Entrypoint of its own, which shuts down on it.
///
/// The end of in_process() is the end of the process: status 0 when it returns, 1 when it throws;
/// the error is logged by the process. How a process ended is logged, at the info level; an end
/// that is not a plain exit with 0, and that nobody asked for, is an error of the service, see
/// EntrypointOptions::on_service_failure. It is not started again: RespawningProcessService is.
///
/// Containment: whatever the process started dies with it, daemons included, and all of it dies
/// with this program, however that ends.
///
/// Fork:      two forks from the snapshot per start: a supervisor, and the process.
/// Affinity:  loop; in_process() runs elsewhere.
/// Idea:      aiomisc.service.ProcessService.
/// Example:   examples/respawning
class ProcessService : public Service {
public:
    using ProcessOptions = ProcessServiceOptions;

    explicit ProcessService(ProcessServiceOptions options = {});

    /// Kills a process that is left.
    ~ProcessService() override;

    ProcessService(const ProcessService&) = delete;
    ProcessService& operator=(const ProcessService&) = delete;

    /// What the process does. Logging is configured as in the parent.
    ///
    /// Affinity:  the main thread of the service's process.
    virtual void in_process() = 0;

    [[nodiscard]] std::string name() const override;

    /// Forks the snapshot.
    /// Errors: SystemError (cannot fork).
    void prepare() override;

    /// Errors: WorkerError (the process died before in_process() ran, or later: how); SystemError
    /// (cannot fork); InvalidStateError (not prepared, and it is too late for it; runs already; the
    /// snapshot died).
    Task<> start() override;

    /// Ends the process. Nothing if there is none.
    ///
    /// Cancel:    kills at once.
    Task<> stop(std::exception_ptr reason) override;

    /// The process id, 0 while there is no process.
    [[nodiscard]] pid_t pid() const noexcept;

protected:
    struct Ending {
        bool failed = false;  ///< not an exit with 0, and not by stop()
        std::string text;     ///< `process 4711 killed by SIGSEGV: …`
    };

    /// First of all in start(): forgets the stop before.
    void begin() noexcept;

    /// Starts a process, and waits until in_process() is about to run, or the process has died:
    /// then it returns false.
    Task<bool> open();

    /// Waits until nothing is left of the process.
    Task<Ending> wait_for_end();

    /// Whether stop() was called since the start.
    [[nodiscard]] bool stopping() const noexcept;

    /// Waits that long; true if stop() was called by then.
    Task<bool> stopped_within(Duration time);

private:
    struct State;
    template <typename, typename, typename>
    friend class ProcessServiceWith;

    /// A function to run in the process instead of this object's in_process(); none: that.
    [[nodiscard]] virtual std::optional<Initializer> process_main() const { return std::nullopt; }

    void order_process();

    std::unique_ptr<State> state_;
};

}  // namespace aiomisc
