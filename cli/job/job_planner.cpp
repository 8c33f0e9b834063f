// SPDX-License-Identifier: MIT
#include <aiomisc/cli/job/job_planner.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/base/error.h>

#include <utility>

namespace aiomisc::cli {
namespace {

std::optional<TextTemplate> tag_template(const Options& options) {
    if (!options.output.tag) {
        return std::nullopt;
    }
    return TextTemplate(*options.output.tag, "{}");
}

std::optional<TextTemplate> directory_template(const Options& options) {
    if (options.run.working_directory.empty()) {
        return std::nullopt;
    }
    return TextTemplate(options.run.working_directory, options.command.placeholder);
}

TemplateOptions with_words_of(const Target& target, TemplateOptions command) {
    command.words = target.words;
    return command;
}

}  // namespace

JobPlanner::JobPlanner(const Options& options, const Target& target, bool many_items)
    : command_(CommandTemplate::make(with_words_of(target, options.command), many_items)),
      tag_(tag_template(options)),
      working_directory_(directory_template(options)) {
    add_files(options.run, options.command.placeholder);
}

JobPlanner::JobPlanner(const Options& options, const Target& target, const job::Job& job)
    : module_(
          std::in_place,
          options.command.words.front(),
          job,
          target.words,
          options.command.placeholder,
          options.input.items_per_job > 0),
      tag_(tag_template(options)),
      working_directory_(directory_template(options)) {
    add_files(options.run, options.command.placeholder);
}

void JobPlanner::add_files(const RunOptions& options, const std::string& placeholder) {
    for (const FileTemplate& file : options.file_templates) {
        const FileToFill& added = files_.emplace_back(FileToFill{
            TextTemplate(file.destination, placeholder),
            TextTemplate(file.text, placeholder),
            file.mode});
        if (!added.destination.has_placeholder()) {
            throw UsageError(
                "--tmpl: every job would write the file " + file.destination +
                "; give its name a placeholder, like {#}");
        }
    }
}

std::vector<JobFile> JobPlanner::files_of(const JobInput& input, unsigned slot) const {
    std::vector<JobFile> files;
    files.reserve(files_.size());
    for (const FileToFill& file : files_) {
        files.push_back(
            {file.destination.fill(input, slot), file.text.fill(input, slot), file.mode});
    }
    return files;
}

JobSpec JobPlanner::plan(const JobInput& input, unsigned slot, unsigned attempt) const {
    JobSpec job{.seq = input.seq, .slot = slot, .attempt = attempt, .items = input.items};
    if (module_) {
        FilledCall filled = module_->fill(input, slot);
        job.work = std::move(filled.call);
        job.text = std::move(filled.text);
    } else {
        FilledCommand filled = command_->fill(input, slot);
        job.work = std::move(filled.command);
        job.text = std::move(filled.text);
    }
    if (tag_) {
        job.tag = tag_->fill(input, slot);
    }
    job.files = files_of(input, slot);
    if (working_directory_) {
        job.working_directory = working_directory_->fill(input, slot);
        if (job.working_directory.empty()) {
            throw Error("the name of its folder (--wd) is empty");
        }
    }
    return job;
}

}  // namespace aiomisc::cli
