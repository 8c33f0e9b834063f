// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/history_by_items.h>

#include <aiomisc/cli/source_cache/sha256.h>

#include <algorithm>

namespace aiomisc::cli {
namespace {

// Of failures that look alike, that of the same number was meant, if there is one.
std::vector<PastFailure>::iterator find_failure(
    std::vector<PastFailure>& failures, std::uint64_t seq) {
    const auto same = std::ranges::find(failures, seq, &PastFailure::seq);
    return same != failures.end() ? same : failures.begin();
}

}  // namespace

HistoryByItems::Digest HistoryByItems::digest_of(const std::vector<std::string>& items) {
    Sha256 sha;
    for (const std::string& item : items) {
        sha.add(item);
    }
    const Sha256::Sum sum = sha.sum();
    Digest digest{};
    std::copy_n(sum.begin(), digest.size(), digest.begin());
    return digest;
}

void HistoryByItems::begin_run(const LoggedRun& run) {
    run_ += run.resumes ? 0 : 1;
}

void HistoryByItems::add(const LoggedJob& job, std::uint64_t offset) {
    if (!job.items) {
        return;
    }
    const Digest digest = digest_of(*job.items);
    Jobs& jobs = jobs_[digest];
    if (jobs.run != run_) {
        jobs = {.run = run_};
        failures_.erase(digest);
    }
    const auto failures = failures_.find(digest);
    if (job.rerun && failures != failures_.end()) {
        failures->second.erase(find_failure(failures->second, job.seq));
    }
    if (job.succeeded) {
        ++jobs.done;
        if (failures != failures_.end() && failures->second.empty()) {
            failures_.erase(failures);
        }
    } else {
        failures_[digest].push_back({job.seq, offset, job.cancelled});
    }
}

Past HistoryByItems::take(const JobInput& input) {
    const Digest digest = digest_of(input.items);
    const auto jobs = jobs_.find(digest);
    if (jobs == jobs_.end()) {
        return Past::kUnknown;
    }
    if (jobs->second.done > 0) {
        --jobs->second.done;
        return Past::kDone;
    }
    const auto failures = failures_.find(digest);
    if (failures == failures_.end()) {
        return Past::kUnknown;
    }
    const auto taken = find_failure(failures->second, input.seq);
    const bool cancelled = taken->cancelled;
    failures->second.erase(taken);
    if (failures->second.empty()) {
        failures_.erase(failures);
    }
    return cancelled ? Past::kCancelled : Past::kFailed;
}

std::vector<PastFailure> HistoryByItems::failures() const {
    std::vector<PastFailure> all;
    for (const auto& [digest, failures] : failures_) {
        all.insert(all.end(), failures.begin(), failures.end());
    }
    return all;
}

}  // namespace aiomisc::cli
