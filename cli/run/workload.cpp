// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/workload.h>

#include <aiomisc/cli/input/total.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/resume/resume_command.h>
#include <aiomisc/cli/run/planned_inputs.h>
#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>

#include <utility>

#include <unistd.h>

namespace aiomisc::cli {
namespace {

bool retries(const Options& options) noexcept {
    return options.resume.mode == ResumeMode::kRetryFailed;
}

JobPlanner make_planner(
    const Options& options,
    const Target& target,
    const JobModule* module,
    const InputShape& shape,
    unsigned slots) {
    // Commands of the log are lines of the shell, whatever the words are.
    const bool lines = module == nullptr && retries(options);
    return {
        options,
        lines ? Target() : target,
        module == nullptr ? nullptr : module->job(),
        shape,
        slots};
}

std::optional<JobInputs> open_inputs(const Options& options) {
    if (!retries(options)) {
        return JobInputs::open(options.sources, options.input);
    }
    const std::string& log = options.report.job_log;
    if (::access(log.c_str(), F_OK) != 0) {
        throw SystemError::from_errno("--retry-failed: open job log", log);
    }
    return std::nullopt;
}

}  // namespace

Workload::Workload(
    const Options& options, const Target& target, const JobModule* module, unsigned slots)
    : options_(options),
      is_module_(module != nullptr),
      slots_(slots),
      inputs_(open_inputs(options)),
      planner_(
          make_planner(options, target, module, inputs_ ? inputs_->shape() : InputShape(), slots)),
      total_(expected_total(options)) {
    if (inputs_) {
        adapt_to_plan(*inputs_, planner_, options_, slots_);
    }
}

void Workload::resume_from(LogReader log) {
    resume_ = ResumePlan::load(
        std::move(log), options_.resume, [this](const JobInput& input, unsigned slot) {
            return planner_.text(input, slot);
        });
    if (retries(options_)) {
        retry_.emplace(*resume_, is_module_);
        total_ = retry_->count();
    } else if (can_read_again(options_.sources)) {
        JobInputs inputs = JobInputs::open(options_.sources, options_.input);
        adapt_to_plan(inputs, planner_, options_, slots_);
        resume_->verify(inputs);
    }
}

JobSource& Workload::inputs() noexcept {
    return retry_ ? static_cast<JobSource&>(*retry_) : *inputs_;
}

std::optional<std::string> Workload::command_template() const {
    if (retries(options_) && !is_module_) {
        return std::nullopt;
    }
    return printable(shell_join(options_.command.words));
}

std::vector<std::string> Workload::notes() const {
    if (!resume_) {
        return {};
    }
    std::vector<std::string> notes = resume_->notes();
    const auto now = command_template();
    const auto& before = resume_->last_template();
    if (now && before && *now != *before) {
        notes.push_back(
            "job log " + printable(resume_->log().path()) + ": the command was " + *before +
            ", and is " + *now + " now; what is done is not done again");
    }
    return notes;
}

}  // namespace aiomisc::cli
