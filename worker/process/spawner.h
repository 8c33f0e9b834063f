// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/child_table.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/hooks.h>

namespace aiomisc::process {

/// Forks the children of a supervisor.
class Spawner {
public:
    /// `oom_score_adjust` is what children get.
    Spawner(const PoolSetup& setup, const SupervisorHooks& hooks, int oom_score_adjust);

    /// A new worker, or command, with the descriptors that came with the request.
    /// Errors: SystemError (no process, no memory, descriptors were lost on the way); ProtocolError
    /// (the wrong number of descriptors, no program).
    Child spawn(const SpawnWorker& request, Packet& packet);
    Child spawn(const SpawnCommand& request, Packet& packet);

private:
    const PoolSetup& setup_;
    const SupervisorHooks& hooks_;
    int oom_score_adjust_;
    pid_t supervisor_;
};

}  // namespace aiomisc::process
