// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/cli/template/command_template.h>
#include <aiomisc/cli/template/module_template.h>
#include <aiomisc/cli/template/text_template.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// Turns inputs into jobs: fills the template of the target, and the tag.
class JobPlanner {
public:
    /// For a command. `many_items` as JobInputs::many_items(). Errors: UsageError.
    JobPlanner(const Options& options, const Target& target, bool many_items);

    /// For a job function, which must outlive the planner. Errors: ConfigError.
    JobPlanner(const Options& options, const Target& target, const job::Job& job);

    /// Errors:    Error (this job cannot be started with these items; the run goes on).
    [[nodiscard]] JobSpec plan(const JobInput& input, unsigned slot, unsigned attempt) const;

private:
    void add_files(const RunOptions& options, const std::string& placeholder);
    [[nodiscard]] std::vector<JobFile> files_of(const JobInput& input, unsigned slot) const;

    std::unique_ptr<CommandTemplate> command_;
    std::optional<ModuleTemplate> module_;
    std::optional<TextTemplate> tag_;
    std::optional<TextTemplate> working_directory_;

    struct FileToFill {
        TextTemplate destination;
        TextTemplate text;
        mode_t mode = 0;
    };

    std::vector<FileToFill> files_;
};

}  // namespace aiomisc::cli
