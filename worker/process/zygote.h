// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/hooks.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include <sys/types.h>

namespace aiomisc::process {

/// The zygote of this process, as the process sees it: from here supervisors are ordered.
///
/// It is forked at the first use, best before the process has threads: a fork copies one thread,
/// and the locks of the others as they happen to be. It is no child of this process, so wait() of
/// the program never sees it. If it died, the next order forks another; supervisors do not depend
/// on it.
///
/// A process forked by the program has no zygote until it orders its own.
///
/// Affinity: any thread. An order blocks the calling thread for as long as a fork of the small
/// zygote takes.
class Zygote {
public:
    /// What a call had to do to have a running zygote.
    struct Start {
        bool forked = false;            ///< one, just now
        std::size_t other_threads = 0;  ///< that this process had then; to be logged if not zero
    };

    struct Supervisor {
        UniqueFd control;  ///< our end of its control socket
        pid_t pid = 0;
        UniqueFd process;  ///< pidfd, by which it can be killed when the zygote is gone
        Start start;
    };

    /// What start() does about a zygote that died.
    enum class OnLoss : std::uint8_t {
        kForkAnother,
        /// Nothing: the process is not any more what it was when the zygote was forked. So one that
        /// does not answer is not killed either.
        kFail,
    };

    /// The zygote of this process, running.
    ///
    /// All callers in a process give the same hooks.
    /// Errors: SystemError (cannot fork), TimeoutError (it did not answer).
    static Zygote& ensure(const SupervisorHooks& hooks, Start* start = nullptr);

    /// One of its own, not started yet. For tests, and for services, which are forked from the
    /// program as it was when they were prepared; all else uses ensure().
    explicit Zygote(const SupervisorHooks& hooks, OnLoss on_loss = OnLoss::kForkAnother)
        : hooks_(hooks), on_loss_(on_loss) {}

    /// Ends the zygote and all its supervisors. Where this process is init or a subreaper, and so
    /// has to reap it, that blocks until it has ended, a second at most.
    ~Zygote();
    Zygote(const Zygote&) = delete;
    Zygote& operator=(const Zygote&) = delete;

    /// Forks the zygote if there is none.
    /// Errors: SystemError, TimeoutError, InvalidStateError (it died, with OnLoss::kFail).
    Start start();

    /// Starts a supervisor. Forks a new zygote if this one is gone, or does not answer: then it is
    /// killed.
    /// Errors: those of start(); TimeoutError (it does not answer, with OnLoss::kFail).
    Supervisor spawn_supervisor(std::chrono::milliseconds timeout = kDefaultTimeout);

    /// Kills a supervisor that does not listen any more. Its workers die with it, and the zygote
    /// kills what they leave. False when it is not a supervisor (any more), or the zygote is not
    /// the one that forked it. Errors: TimeoutError (it does not answer, with OnLoss::kFail).
    bool kill_supervisor(pid_t pid, std::chrono::milliseconds timeout = kDefaultTimeout);

    /// The process id, 0 if none was started.
    [[nodiscard]] pid_t pid() const;

    static constexpr std::chrono::milliseconds kDefaultTimeout{5000};

private:
    using Result = decltype(ZygoteReply::result);

    void start_locked(Start& start);
    std::optional<Result> request(
        decltype(ZygoteRequest::action) action,
        std::vector<UniqueFd> fds,
        Deadline deadline,
        UniqueFd* fd = nullptr);
    std::optional<ZygoteReply> receive_reply(Deadline deadline, UniqueFd* fd = nullptr);
    void give_up();
    void abandon() noexcept;

    mutable std::mutex mutex_;
    SupervisorHooks hooks_;
    OnLoss on_loss_;
    bool started_once_ = false;
    std::optional<ControlChannel> control_;
    UniqueFd process_;  // pidfd
    pid_t pid_ = 0;
    std::uint32_t last_sequence_ = 0;
};

}  // namespace aiomisc::process
