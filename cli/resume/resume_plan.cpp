// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/resume_plan.h>

#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/resume/history_by_items.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

std::unique_ptr<JobHistory> make_history(
    const LogReader& log, const ResumeOptions& options, CommandText command_now) {
    const bool has_items = log.format() == LogFormat::kJson;
    if (options.key.value_or(has_items ? ResumeKey::kItems : ResumeKey::kSeq) ==
        ResumeKey::kItems) {
        return std::make_unique<HistoryByItems>();
    }
    // Who asks for the number, or for the commands of the log, gets what he asks for.
    const bool accepts_any = options.key || options.mode == ResumeMode::kRetryFailed;
    return std::make_unique<HistoryBySeq>(
        log, accepts_any ? CommandText() : std::move(command_now));
}

}  // namespace

std::unique_ptr<ResumePlan> ResumePlan::load(
    LogReader log, const ResumeOptions& options, CommandText command_now) {
    std::unique_ptr<ResumePlan> plan(new ResumePlan(std::move(log), options.mode));
    plan->history_ = make_history(plan->log_, options, std::move(command_now));
    plan->damage_ = plan->log_.read([&plan](const LogRecord& record, std::uint64_t offset) {
        if (const auto* const run = std::get_if<LoggedRun>(&record)) {
            plan->history_->begin_run(*run);
            plan->last_run_ = *run;
            if (run->command_template) {
                plan->last_template_ = run->command_template;
            }
        } else if (const auto* const job = std::get_if<LoggedJob>(&record)) {
            plan->history_->add(*job, offset);
            plan->last_seq_ = std::max(plan->last_seq_, job->seq);
        }
    });
    return plan;
}

Verdict ResumePlan::decide(const JobInput& input) {
    const Past past = history_->take(input);
    if (past == Past::kUnknown) {
        return Verdict::kRun;
    }
    // A job that its run took along with it has not had its chance.
    if (past == Past::kCancelled || (past == Past::kFailed && mode_ == ResumeMode::kFailed)) {
        return Verdict::kRerun;
    }
    ++skipped_;
    skipped_failed_ += past == Past::kFailed ? 1 : 0;
    return Verdict::kSkip;
}

void ResumePlan::verify(JobSource& inputs) const {
    JobInput input;
    Pull pulled = Pull::kItem;
    while (history_->checks() && input.seq < last_seq_ && pulled != Pull::kEnd) {
        pulled = inputs.next(input);
        if (pulled == Pull::kItem) {
            history_->check(input);
        }
    }
}

std::vector<PastFailure> ResumePlan::failures() const {
    std::vector<PastFailure> all = history_->failures();
    std::ranges::sort(all, {}, [](const PastFailure& failure) {
        return std::tuple(failure.seq, failure.offset);
    });
    // Where items were inserted between runs, two jobs may have had the same number.
    std::uint64_t unused = last_seq_;
    for (std::size_t at = 1; at < all.size(); ++at) {
        if (all[at].seq == all[at - 1].seq) {
            all[at - 1].seq = ++unused;
        }
    }
    std::ranges::sort(all, {}, &PastFailure::seq);
    return all;
}

std::vector<std::string> ResumePlan::notes() const {
    std::vector<std::string> notes;
    notes.reserve(damage_.lines.size() + 2);
    const std::string log = "job log " + printable(log_.path());
    for (const std::uint64_t line : damage_.lines) {
        notes.push_back(fmt::format("{}: line {} is damaged; counted as not done", log, line));
    }
    if (damage_.count > damage_.lines.size()) {
        notes.push_back(fmt::format("{}: and {} more", log, damage_.count - damage_.lines.size()));
    }
    if (damage_.torn_end) {
        notes.push_back(log + ": the last line is incomplete; counted as not done");
    }
    return notes;
}

}  // namespace aiomisc::cli
