// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/running_jobs.h>

#include <aiomisc/cli/report/printable.h>

#include <chrono>

#include <fmt/format.h>

namespace aiomisc::cli {

RunningAttempt::RunningAttempt(
    BasicLoop& loop, RunningJobs& jobs, const JobSpec& job, TaskHandle<JobResult>& handle)
    : loop_(loop), jobs_(jobs), job_(job), handle_(handle), begin_(loop.now()) {
    jobs_.attempts_[job_.seq] = this;
}

RunningAttempt::~RunningAttempt() {
    timer_.cancel();
    jobs_.attempts_.erase(job_.seq);
}

void RunningAttempt::stop(Cause why) noexcept {
    if (!stopped_for_) {
        stopped_for_ = why;
        handle_.cancel();
    }
}

void RunningAttempt::limit(Duration time) {
    deadline_ = loop_.now() + time;
    timer_.cancel();
    timer_ = loop_.call_at(*deadline_, [this] { stop(Cause::kTimeout); });
}

void RunningAttempt::postpone(Duration time) {
    if (deadline_) {
        limit(*deadline_ + time - loop_.now());
    }
}

void RunningJobs::stop_all(Cause why) noexcept {
    for (const auto& [seq, attempt] : attempts_) {
        attempt->stop(why);
    }
}

void RunningJobs::postpone_all(Duration time) {
    for (const auto& [seq, attempt] : attempts_) {
        attempt->postpone(time);
    }
}

std::vector<std::string> RunningJobs::describe(const Executor& executor, TimePoint now) const {
    std::vector<std::string> lines;
    for (const auto& [seq, attempt] : attempts_) {
        const std::chrono::duration<double> seconds = now - attempt->begin();
        const pid_t pid = executor.pid_of(attempt->job().slot);
        lines.push_back(fmt::format(
            "job {} ({}) has run for {:.1f} s: {}",
            seq,
            pid > 0 ? fmt::format("pid {}", pid) : "not started yet",
            seconds.count(),
            printable(attempt->job().text)));
    }
    return lines;
}

}  // namespace aiomisc::cli
