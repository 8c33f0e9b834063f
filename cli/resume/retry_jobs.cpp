// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/retry_jobs.h>

#include <aiomisc/runtime/base/error.h>

#include <string>
#include <utility>
#include <variant>

namespace aiomisc::cli {
namespace {

// The TSV log does not tell that a job was a call of a function; its text does.
bool is_module_call(std::string_view command) {
    if (command.starts_with("__ar1=")) {
        return false;  // that may be a value with a blank in it
    }
    std::string_view first = command.substr(0, command.find(' '));
    if (first.ends_with('\'')) {
        first.remove_suffix(1);
    }
    return first.ends_with(".so") || first.ends_with(".cpp") || first.ends_with(".cc") ||
           first.ends_with(".cxx");
}

}  // namespace

RetryJobs::RetryJobs(const ResumePlan& plan, bool by_items)
    : log_(plan.log()), failures_(plan.failures()), by_items_(by_items) {
    const std::string& path = log_.path();
    if (log_.format() == LogFormat::kTsv) {
        if (by_items) {
            throw Error(
                "--retry-failed: " + path +
                " does not keep the items that a job module is run "
                "with again; use --resume-failed with the same input, or --joblog FILE.jsonl");
        }
        return;
    }
    if (!plan.last_run()) {
        return;
    }
    const bool is_module_log = plan.last_run()->target != "command";
    if (is_module_log && !by_items) {
        throw Error(
            "--retry-failed: the jobs in " + path +
            " are calls of a job module; give the module and its words again");
    }
    if (!is_module_log && by_items) {
        throw Error(
            "--retry-failed: the jobs in " + path +
            " are commands, which are run as they stand there; leave the job module out");
    }
}

Pull RetryJobs::next(JobInput& input) {
    if (at_ == failures_.size()) {
        return Pull::kEnd;
    }
    const PastFailure& failure = failures_[at_++];
    LogRecord record = log_.record_at(failure.offset);
    auto* const job = std::get_if<LoggedJob>(&record);
    if (job == nullptr) {
        throw Error("the job log " + log_.path() + " was changed meanwhile");
    }
    if (!by_items_ && is_module_call(job->command)) {
        throw Error(
            "--retry-failed: job " + std::to_string(failure.seq) + " of " + log_.path() +
            " is a call of a job module, not a command; use --resume-failed with the same input");
    }
    input = {.seq = failure.seq, .items = {}, .command = std::nullopt, .rerun = true};
    input.items = job->items ? std::move(*job->items) : std::vector{job->command};
    if (!by_items_) {
        input.command = std::move(job->command);
    }
    return Pull::kItem;
}

}  // namespace aiomisc::cli
