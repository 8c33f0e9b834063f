// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace aiomisc {

/// What went wrong with the processes of a pool, as opposed to what a function threw.
class WorkerError : public Error {
public:
    using Error::Error;
};

/// The process that ran the call is gone, and the call with it. It is not started again.
///
/// The message reads e.g. `worker 2 (pid 4711) was killed by SIGSEGV while it ran the call: …`.
class WorkerDied final : public WorkerError {
public:
    /// What the worker was doing.
    enum class Phase : std::uint8_t { kInit, kIdle, kSerialise, kRun, kResult };

    struct Details {
        std::uint32_t worker = 0;  ///< its number in the pool, from 1
        pid_t pid = 0;             ///< 0 if it never came to life
        int status = -1;           ///< exit status, -1 if a signal ended it or nobody knows
        int signal = 0;            ///< the signal that ended it, 0 if none
        Phase phase = Phase::kRun;
        bool oom_suspected =
            false;  ///< killed, not by us, while the machine or its group ran out of memory
        std::string reason;  ///< why the pool killed it, if it did
        std::string note;    ///< its last words: fault address, text of std::terminate
    };

    explicit WorkerDied(Details details);

    [[nodiscard]] const Details& details() const noexcept { return details_; }

    [[nodiscard]] pid_t pid() const noexcept { return details_.pid; }

    [[nodiscard]] int status() const noexcept { return details_.status; }

    [[nodiscard]] int signal() const noexcept { return details_.signal; }

    [[nodiscard]] Phase phase() const noexcept { return details_.phase; }

private:
    Details details_;
};

std::string_view phase_name(WorkerDied::Phase phase) noexcept;

/// The call took longer than its limit. The worker that ran it was asked to stop, or killed.
class TaskTimeout final : public TimeoutError {
public:
    using TimeoutError::TimeoutError;
};

/// The pool was closed, or is closing, or was not started yet.
class PoolClosed final : public ClosedError {
public:
    using ClosedError::ClosedError;
};

/// The pool cannot keep its workers alive and gave up; the message tells of the last deaths.
class PoolBroken : public WorkerError {
public:
    using WorkerError::WorkerError;
};

/// A worker of a ProcessPoolExecutor died, and with it the executor; the message tells how.
///
/// Idea:      concurrent.futures.process.BrokenProcessPool.
class BrokenProcessPool final : public PoolBroken {
public:
    using PoolBroken::PoolBroken;
};

/// The queue of the pool is at its limit, WorkerPoolOptions::max_overflow.
class QueueFull final : public WorkerError {
public:
    using WorkerError::WorkerError;
};

}  // namespace aiomisc
