// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/worker_page.h>

namespace aiomisc::process {

/// What a worker process has to work with.
struct WorkerStart {
    ChildKey key;
    UniqueFd channel;
    WorkerPage& page;
    const PoolSetup& setup;
};

/// What supervisors and workers do beyond being processes. Functions of the program, because they
/// are called in processes forked from it at a time when nobody knows yet what for.
struct SupervisorHooks {
    /// Once in every supervisor, before it says that it is ready: applies the log settings and runs
    /// the initializer, if there is one. What it throws is reported as InitializerFailed, and ends
    /// the supervisor. Signals are at their defaults. It may not leave threads behind. Affinity:
    /// fork-child.
    void (*initialize)(const PoolSetup& setup);

    /// In a worker: serves its channel until it ends. Returns the exit status. What it throws ends
    /// the worker by std::terminate, which leaves a note. SIGUSR2 interrupts blocking system calls
    /// and does nothing else. Affinity: fork-child.
    int (*run_worker)(WorkerStart start);

    bool operator==(const SupervisorHooks&) const = default;
};

}  // namespace aiomisc::process
