// SPDX-License-Identifier: MIT
#include <aiomisc/cli/job/job_planner.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <utility>

namespace aiomisc::cli {
namespace {

std::optional<TextTemplate> tag_template(
    const Options& options, const PlaceholderSet& placeholders) {
    if (!options.output.tag) {
        return std::nullopt;
    }
    // --tag means the items, however -I has them written.
    const std::string& text = *options.output.tag;
    return TextTemplate(text == "{}" ? placeholders.whole() : text, placeholders);
}

std::optional<TextTemplate> directory_template(
    const Options& options, const PlaceholderSet& placeholders) {
    if (options.run.working_directory.empty()) {
        return std::nullopt;
    }
    return TextTemplate(options.run.working_directory, placeholders);
}

std::unique_ptr<CommandTemplate> command_template(
    const Options& options,
    const Target& target,
    const PlaceholderSet& placeholders,
    bool many_items) {
    TemplateOptions command = options.command;
    command.words = target.words;
    return CommandTemplate::make(command, placeholders, many_items);
}

/// For a job that has no command. The log is run again by --retry-failed, which must not take items
/// for one.
std::string refused_command(const std::vector<std::string>& items) {
    std::string text = "false";
    for (const std::string& item : items) {
        text += " " + shell_quote(printable(item));
    }
    return text;
}

}  // namespace

JobPlanner::JobPlanner(
    const Options& options,
    const Target& target,
    const job::Job* job,
    const InputShape& shape,
    unsigned slots)
    : placeholders_(options.command, shape.columns, slots),
      tag_(tag_template(options, placeholders_)),
      working_directory_(directory_template(options, placeholders_)),
      results_need_total_(TextTemplate(options.output.results, placeholders_).needs_total()) {
    if (job == nullptr) {
        command_ = command_template(options, target, placeholders_, shape.many_items);
    } else {
        module_.emplace(
            options.command.words.front(),
            *job,
            target.words,
            placeholders_,
            ModuleItems{
                .any = options.input.items_per_job != 0U,
                .most = shape.most_items,
                .repeat_words = options.command.repeat_words});
    }
    add_files(options.run);
}

void JobPlanner::add_files(const RunOptions& options) {
    for (const FileTemplate& file : options.file_templates) {
        const FileToFill& added = files_.emplace_back(FileToFill{
            TextTemplate(file.destination, placeholders_),
            TextTemplate(file.text, placeholders_),
            file.mode});
        if (!added.destination.has_placeholder()) {
            throw UsageError(
                "--tmpl: every job would write the file " + file.destination +
                "; give its name a placeholder, like {#}");
        }
    }
}

std::vector<JobFile> JobPlanner::files_of(
    const JobInput& input, unsigned slot, const std::filesystem::path& folder) const {
    std::vector<JobFile> files;
    files.reserve(files_.size());
    for (const FileToFill& file : files_) {
        // Where the job looks for it, which is a path from its folder.
        const std::filesystem::path path = folder / file.destination.fill(input, slot);
        files.push_back({path.string(), file.text.fill(input, slot), file.mode});
    }
    return files;
}

bool JobPlanner::needs_total() const noexcept {
    const auto in_file = [](const FileToFill& file) {
        return file.destination.needs_total() || file.text.needs_total();
    };
    return std::ranges::any_of(files_, in_file) || (command_ && command_->needs_total()) ||
           (module_ && module_->needs_total()) || (tag_ && tag_->needs_total()) ||
           (working_directory_ && working_directory_->needs_total()) || results_need_total_;
}

JobSpec JobPlanner::plan(const JobInput& input, unsigned slot, unsigned attempt) const {
    JobSpec job{.seq = input.seq, .slot = slot, .attempt = attempt, .items = input.items};
    job.rerun = input.rerun;
    if (module_) {
        FilledCall filled = module_->fill(input, slot);
        job.work = std::move(filled.call);
        job.text = std::move(filled.text);
    } else {
        FilledCommand filled =
            input.command ? command_->fill({.seq = input.seq, .items = {*input.command}}, slot)
                          : command_->fill(input, slot);
        job.work = std::move(filled.command);
        job.text = std::move(filled.text);
    }
    if (tag_) {
        job.tag = tag_->fill(input, slot);
    }
    if (working_directory_) {
        job.working_directory = working_directory_->fill(input, slot);
        if (job.working_directory.empty()) {
            throw Error("the name of its folder (--wd) is empty");
        }
    }
    job.files = files_of(input, slot, job.working_directory);
    return job;
}

std::string JobPlanner::text(const JobInput& input, unsigned slot) const {
    try {
        return plan(input, slot, 1).text;
    } catch (const Error&) {
        return refused_command(input.items);
    }
}

}  // namespace aiomisc::cli
