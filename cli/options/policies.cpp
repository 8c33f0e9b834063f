// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/policies.h>

#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <iterator>
#include <string>

#include <string.h>  // sigabbrev_np

namespace aiomisc::cli {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> fields;
    while (true) {
        const std::size_t end = text.find(separator);
        fields.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return fields;
        }
        text.remove_prefix(end + 1);
    }
}

}  // namespace

Milliseconds RetryPolicy::pause_after(unsigned attempts_made, double random) const noexcept {
    const unsigned growths = attempts_made > 0 ? attempts_made - 1 : 0;
    double pause = static_cast<double>(delay.count()) * std::pow(factor, growths);
    pause = std::min(pause, static_cast<double>(std::max(delay, max_delay).count()));
    return Milliseconds(std::llround(pause * (0.8 + 0.4 * random)));
}

KillLadder default_kill_ladder() {
    return {
        {SIGTERM, Milliseconds(200)},
        {SIGTERM, Milliseconds(100)},
        {SIGTERM, Milliseconds(50)},
        {SIGKILL, Milliseconds(25)}};
}

TimeLimit parse_time_limit(std::string_view text) {
    TimeLimit limit;
    if (text.ends_with('%')) {
        limit.percent_of_median = parse_decimal(text.substr(0, text.size() - 1));
    } else {
        limit.fixed = parse_duration(text);
    }
    if (!limit.any() || limit.fixed == Milliseconds(0) || limit.percent_of_median == 0.0) {
        throw UsageError("expected a duration like 1.5, 90s or 2h, or a percentage of the median");
    }
    return limit;
}

void parse_retry_delay(std::string_view text, RetryPolicy& policy) {
    const auto fields = split(text, ':');
    const auto delay = parse_duration(fields[0]);
    const auto longest = fields.size() > 1 ? parse_duration(fields[1]) : delay;
    const auto factor = fields.size() > 2 ? parse_decimal(fields[2])
                                          : std::optional<double>(fields.size() > 1 ? 2 : 1);
    if (!delay || !longest || !factor || fields.size() > 3 || *longest < *delay || *factor < 1) {
        throw UsageError("expected D[:MAX[:FACTOR]], durations and a factor of at least 1");
    }
    policy.delay = *delay;
    policy.max_delay = *longest;
    policy.factor = *factor;
}

std::vector<Cause> parse_retry_causes(std::string_view text) {
    constexpr Cause kKnown[] = {Cause::kExit, Cause::kTimeout, Cause::kSignal, Cause::kMemory};
    std::vector<Cause> causes;
    for (const std::string_view name : split(text, ',')) {
        const auto* const known =
            std::find_if(std::begin(kKnown), std::end(kKnown), [name](Cause cause) {
                return name == to_string(cause);
            });
        if (known == std::end(kKnown)) {
            throw UsageError("expected some of exit, timeout, signal and memory, with commas");
        }
        causes.push_back(*known);
    }
    return causes;
}

KillLadder parse_kill_ladder(std::string_view text) {
    KillLadder ladder;
    const auto fields = split(text, ',');
    for (std::size_t index = 0; index < fields.size(); index += 2) {
        const auto signal = signal_number(fields[index]);
        const bool last = index + 1 == fields.size();
        const auto wait = last ? std::optional<std::uint64_t>(0) : parse_count(fields[index + 1]);
        if (!signal || !wait || *wait > 86'400'000) {
            throw UsageError("expected signals and pauses in milliseconds, like TERM,200,KILL,25");
        }
        ladder.push_back({*signal, Milliseconds(*wait)});
    }
    if (ladder.back().signal != SIGKILL) {
        ladder.push_back({SIGKILL, Milliseconds(0)});
    }
    return ladder;
}

std::optional<int> signal_number(std::string_view name) {
    if (const auto number = parse_count(name)) {
        return *number > 0 && *number < NSIG ? std::optional<int>(static_cast<int>(*number))
                                             : std::nullopt;
    }
    if (name.starts_with("SIG")) {
        name.remove_prefix(3);
    }
    for (int signal = 1; signal < NSIG; ++signal) {
        const char* const known = ::sigabbrev_np(signal);
        if (known != nullptr && name == known) {
            return signal;
        }
    }
    return std::nullopt;
}

}  // namespace aiomisc::cli
