// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/run/running_jobs.h>
#include <aiomisc/runtime/loop/basic_loop.h>
#include <aiomisc/runtime/loop/call_handle.h>

#include <chrono>
#include <cstdint>

namespace aiomisc::cli {

/// `--mem-limit`: looks at what each running job holds, with all its processes, and ends those that
/// hold more than they may.
///
/// Affinity:  loop.
class MemoryWatch {
public:
    static constexpr std::chrono::milliseconds kInterval{200};

    /// `limit` is in bytes; 0: nothing is watched. Both others outlive it.
    MemoryWatch(BasicLoop& loop, std::uint64_t limit, RunningJobs& jobs, const Executor& executor);
    MemoryWatch(const MemoryWatch&) = delete;
    MemoryWatch& operator=(const MemoryWatch&) = delete;

    ~MemoryWatch() { timer_.cancel(); }

private:
    void look();

    BasicLoop& loop_;
    std::uint64_t limit_;
    RunningJobs& jobs_;
    const Executor& executor_;
    CallHandle timer_;
};

}  // namespace aiomisc::cli
