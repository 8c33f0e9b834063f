// SPDX-License-Identifier: MIT
#include <aiomisc/worker/pool/errors.h>

#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace aiomisc {

namespace {

std::string_view phase_text(WorkerDied::Phase phase) noexcept {
    switch (phase) {
        case WorkerDied::Phase::kInit:
            return "before it was ready";
        case WorkerDied::Phase::kIdle:
            return "before it began the call";
        case WorkerDied::Phase::kSerialise:
            return "while it decoded the arguments";
        case WorkerDied::Phase::kRun:
            return "while it ran the call";
        case WorkerDied::Phase::kResult:
            return "while it encoded the result";
    }
    return "";
}

std::string cause_text(const WorkerDied::Details& details) {
    if (details.signal != 0) {
        const char* name = ::sigabbrev_np(details.signal);
        return name == nullptr ? fmt::format("was killed by signal {}", details.signal)
                               : fmt::format("was killed by SIG{}", name);
    }
    if (details.status >= 0) {
        return fmt::format("exited with status {}", details.status);
    }
    return "is gone";
}

std::string message_of(const WorkerDied::Details& details) {
    std::string text = fmt::format("worker {}", details.worker);
    if (details.pid > 0) {
        text += fmt::format(" (pid {})", details.pid);
    }
    text += ' ' + cause_text(details) + ' ' + std::string(phase_text(details.phase));
    if (details.oom_suspected) {
        text += ", probably because memory ran out";
    }
    for (const std::string* part : {&details.reason, &details.note}) {
        if (!part->empty()) {
            text += ": " + *part;
        }
    }
    return text;
}

}  // namespace

WorkerDied::WorkerDied(Details details)
    : WorkerError(message_of(details)), details_(std::move(details)) {}

std::string_view phase_name(WorkerDied::Phase phase) noexcept {
    switch (phase) {
        case WorkerDied::Phase::kInit:
            return "init";
        case WorkerDied::Phase::kIdle:
            return "idle";
        case WorkerDied::Phase::kSerialise:
            return "serialise";
        case WorkerDied::Phase::kRun:
            return "run";
        case WorkerDied::Phase::kResult:
            return "result";
    }
    return "";
}

}  // namespace aiomisc
