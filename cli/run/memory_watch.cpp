// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/memory_watch.h>

#include <aiomisc/cli/run/tree_memory.h>

namespace aiomisc::cli {

MemoryWatch::MemoryWatch(
    BasicLoop& loop, std::uint64_t limit, RunningJobs& jobs, const Executor& executor)
    : loop_(loop), limit_(limit), jobs_(jobs), executor_(executor) {
    if (limit_ > 0) {
        timer_ = loop_.call_later(kInterval, [this] { look(); });
    }
}

void MemoryWatch::look() {
    for (const auto& [seq, attempt] : jobs_.attempts()) {
        const pid_t pid = executor_.pid_of(attempt->job().slot);
        if (pid > 0 && !attempt->stopped_for() && tree_exceeds(pid, limit_)) {
            attempt->stop(Cause::kMemory);
        }
    }
    timer_ = loop_.call_later(kInterval, [this] { look(); });
}

}  // namespace aiomisc::cli
