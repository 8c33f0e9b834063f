// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/start_gate.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/task/sleep.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::cli {

StartGate::StartGate(
    BasicLoop& loop,
    const StartRules& rules,
    unsigned cpus,
    Probes probes,
    std::function<void(const std::string&)> tell)
    : loop_(loop), rules_(rules), cpus_(cpus), probes_(std::move(probes)), tell_(std::move(tell)) {
    if (rules_.load && !probes_.running_processes()) {
        throw UsageError("--load: /proc/stat does not tell how many processes run");
    }
    if (rules_.memory_free > 0 && !probes_.available_memory()) {
        throw UsageError("--memfree: /proc/meminfo does not tell how much memory is available");
    }
}

Milliseconds StartGate::least_gap() const noexcept {
    const bool measures = rules_.load || rules_.memory_free > 0;
    return measures ? std::max(rules_.gap, kSettleTime) : rules_.gap;
}

std::string StartGate::obstacle() const {
    if (rules_.load) {
        const auto running = probes_.running_processes();
        if (running && *running >= rules_.load->processes(cpus_)) {
            return fmt::format(
                "{} processes run, --load is {:g}", *running, rules_.load->processes(cpus_));
        }
    }
    if (rules_.memory_free > 0) {
        const auto available = probes_.available_memory();
        if (available && *available < rules_.memory_free) {
            return fmt::format(
                "{} MiB of memory are available, --memfree is {} MiB",
                *available >> 20,
                rules_.memory_free >> 20);
        }
    }
    return {};
}

Task<> StartGate::until_open() {
    const TimePoint begin = loop_.now();
    for (;;) {
        const std::string why = obstacle();
        if (why.empty()) {
            co_return;
        }
        if (!told_ && loop_.now() - begin >= kTellAfter) {
            told_ = true;
            tell_("no job is started: " + why);
        }
        co_await sleep(kInterval);
    }
}

Task<> StartGate::pass() {
    const auto turn = co_await turn_.scoped();
    if (last_start_) {
        const Duration gap = *last_start_ + least_gap() - loop_.now();
        if (gap > Duration::zero()) {
            co_await sleep(gap);
        }
    }
    co_await until_open();
    last_start_ = loop_.now();
}

}  // namespace aiomisc::cli
