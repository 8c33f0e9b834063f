// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/history_by_seq.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

// The number of the slot may be part of a command, and is not part of what it does. Higher slots
// are not looked for.
constexpr unsigned kMaxSlot = 1024;

std::uint64_t hash_of(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

}  // namespace

void HistoryBySeq::add(const LoggedJob& job, std::uint64_t offset) {
    constexpr std::uint64_t kOffsetBits = (std::uint64_t{1} << 62) - 1;
    Job& last = jobs_[job.seq];
    last.command = hash_of(job.command);
    last.offset = offset & kOffsetBits;
    last.failed = job.succeeded ? 0 : 1;
    last.cancelled = job.cancelled ? 1 : 0;
}

void HistoryBySeq::check(const JobInput& input) const {
    const auto found = jobs_.find(input.seq);
    if (!command_now_ || found == jobs_.end()) {
        return;
    }
    const std::string now = command_now_(input, 1);
    if (hash_of(now) == found->second.command) {
        return;
    }
    const bool has_slot = command_now_(input, 2) != now;
    for (unsigned slot = 2; has_slot && slot <= kMaxSlot; ++slot) {
        if (hash_of(command_now_(input, slot)) == found->second.command) {
            return;
        }
    }
    const LogRecord recorded = log_.record_at(found->second.offset);
    const auto* const job = std::get_if<LoggedJob>(&recorded);
    throw Error(fmt::format(
        "job {} was `{}` in {} and is `{}` now: the input or the command was changed. --resume-by "
        "seq goes on all the same; in a log FILE.jsonl jobs are found by their items",
        input.seq,
        job != nullptr ? job->command : std::string(),
        log_.path(),
        now));
}

Past HistoryBySeq::take(const JobInput& input) {
    check(input);
    const auto found = jobs_.find(input.seq);
    if (found == jobs_.end()) {
        return Past::kUnknown;
    }
    const Job job = found->second;
    jobs_.erase(found);
    if (job.failed == 0) {
        return Past::kDone;
    }
    return job.cancelled != 0 ? Past::kCancelled : Past::kFailed;
}

std::vector<PastFailure> HistoryBySeq::failures() const {
    std::vector<PastFailure> all;
    for (const auto& [seq, job] : jobs_) {
        if (job.failed != 0) {
            all.push_back({seq, job.offset, job.cancelled != 0});
        }
    }
    return all;
}

}  // namespace aiomisc::cli
