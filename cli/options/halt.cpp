// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/halt.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/options/units.h>
#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <cmath>

namespace aiomisc::cli {
namespace {

using When = HaltRule::When;
using Why = HaltRule::Why;

std::optional<HaltRule> parse_old_spelling(std::string_view text) {
    if (text == "never" || text == "0") {
        return HaltRule{};
    }
    if (text == "1") {
        return HaltRule{.when = When::kSoon, .why = Why::kFail};
    }
    if (text == "2") {
        return HaltRule{.when = When::kNow, .why = Why::kFail};
    }
    if (text == "-1") {
        return HaltRule{.when = When::kSoon, .why = Why::kSuccess};
    }
    if (text == "-2") {
        return HaltRule{.when = When::kNow, .why = Why::kSuccess};
    }
    return std::nullopt;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

// The status of the job that met `…,fail=1`; a launcher that was told to stop at a failure fails.
int status_of(const JobResult& result) {
    if (result.signal != 0) {
        return kKilledBySignalBase + result.signal;
    }
    return result.exit_status > 0 ? result.exit_status : 1;
}

}  // namespace

HaltRule parse_halt_rule(std::string_view text) {
    if (const auto rule = parse_old_spelling(text)) {
        return *rule;
    }
    constexpr const char* kExpected =
        "expected never, or now|soon,fail|success|done=N or N%, like now,fail=1";
    HaltRule rule;
    if (take_prefix(text, "soon,")) {
        rule.when = When::kSoon;
    } else if (take_prefix(text, "now,")) {
        rule.when = When::kNow;
    } else {
        throw UsageError(kExpected);
    }
    if (take_prefix(text, "fail=")) {
        rule.why = Why::kFail;
    } else if (take_prefix(text, "success=")) {
        rule.why = Why::kSuccess;
    } else if (take_prefix(text, "done=")) {
        rule.why = Why::kDone;
    } else {
        throw UsageError(kExpected);
    }
    rule.percent = text.ends_with('%');
    text.remove_suffix(rule.percent ? 1 : 0);
    std::optional<double> threshold;
    if (rule.percent) {
        threshold = parse_decimal(text);
    } else if (const auto count = parse_count(text)) {
        threshold = static_cast<double>(*count);
    }
    if (!threshold || *threshold <= 0 || (rule.percent && *threshold > 100)) {
        throw UsageError(kExpected);
    }
    rule.threshold = *threshold;
    return rule;
}

When HaltPolicy::on_result(const JobResult& result, JobCount total) {
    ++(result.succeeded() ? succeeded_ : failed_);
    if (exit_status_) {
        return rule_.when;
    }
    if (rule_.when == When::kNever || !met(total)) {
        return When::kNever;
    }
    exit_status_ = status_when_met(result, total);
    return rule_.when;
}

std::optional<int> HaltPolicy::exit_status() const noexcept {
    if (!exit_status_ && rule_.percent && failed_ > 0) {
        return percentage_failed(done());
    }
    return exit_status_;
}

bool HaltPolicy::met(JobCount total) const noexcept {
    if (!rule_.percent) {
        return static_cast<double>(counted()) >= rule_.threshold;
    }
    constexpr std::uint64_t kEnoughResults = 3;
    if (!total.all && done() < kEnoughResults) {
        return false;
    }
    const auto all = static_cast<double>(std::max(total.jobs, done()));
    return counted() > 0 && 100.0 * static_cast<double>(counted()) >= rule_.threshold * all;
}

int HaltPolicy::status_when_met(const JobResult& result, JobCount total) const noexcept {
    if (rule_.why == Why::kSuccess) {
        return kSuccess;
    }
    if (rule_.percent) {
        return percentage_failed(total.jobs);
    }
    if (rule_.threshold <= 1) {
        return result.succeeded() ? kSuccess : status_of(result);
    }
    return static_cast<int>(std::min<std::uint64_t>(failed_, kMoreFailures));
}

int HaltPolicy::percentage_failed(std::uint64_t total) const noexcept {
    const auto all = static_cast<double>(std::max(total, done()));
    return static_cast<int>(std::ceil(100.0 * static_cast<double>(failed_) / all));
}

std::uint64_t HaltPolicy::counted() const noexcept {
    switch (rule_.why) {
        case Why::kFail:
            return failed_;
        case Why::kSuccess:
            return succeeded_;
        case Why::kDone:
            break;
    }
    return succeeded_ + failed_;
}

}  // namespace aiomisc::cli
