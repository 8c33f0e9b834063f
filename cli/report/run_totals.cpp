// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/run_totals.h>

#include <aiomisc/cli/exit_codes.h>

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <string.h>  // sigabbrev_np

namespace aiomisc::cli {
namespace {

std::string signal_name(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string ended_by(const JobResult& result, std::string_view what) {
    return result.signal == 0 ? std::string(what)
                              : fmt::format("{} ({})", what, signal_name(result.signal));
}

}  // namespace

void RunTotals::add(const JobSpec& job, const JobResult& result) {
    cpu_time_ += result.usage.user + result.usage.system;
    peak_rss_kib_ = std::max(peak_rss_kib_, result.usage.max_rss_kib);
    if (result.succeeded()) {
        ++succeeded_;
        return;
    }
    ++failed_by_[static_cast<std::size_t>(result.cause)];
    if (failures_.size() < kMaxFailures) {
        failures_.push_back({job.seq, describe_cause(result), job.text});
    }
}

std::uint64_t RunTotals::failed() const noexcept {
    return std::accumulate(failed_by_.begin(), failed_by_.end(), std::uint64_t{0});
}

std::string describe_cause(const JobResult& result) {
    const std::string& error = result.error;
    const std::string why = error.empty() ? "" : fmt::format(" ({})", error);
    switch (result.cause) {
        case Cause::kExit:
            // 1 is what a job that throws exits with: the text says more.
            return result.exit_status == 1 && !error.empty()
                       ? fmt::format("failed{}", why)
                       : fmt::format("exited with {}{}", result.exit_status, why);
        case Cause::kSignal: {
            const std::string name = signal_name(result.signal);
            // Last words often begin with the signal.
            return error.starts_with(name) ? fmt::format("was killed by {}", error)
                                           : fmt::format("was killed by {}{}", name, why);
        }
        case Cause::kTimeout:
            return ended_by(result, "timed out");
        case Cause::kMemory:
            return ended_by(result, "went over its memory limit");
        case Cause::kCancelled:
            return ended_by(result, "was cancelled");
        case Cause::kLaunch:
            return fmt::format("was not started{}", why);
    }
    return "failed";
}

int exit_status(const RunTotals& totals, const HaltPolicy& halt) noexcept {
    if (const auto status = halt.exit_status()) {
        return *status;
    }
    return static_cast<int>(std::min<std::uint64_t>(totals.failed(), kMoreFailures));
}

}  // namespace aiomisc::cli
