// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/cli/template/command_template.h>
#include <aiomisc/cli/template/module_template.h>
#include <aiomisc/cli/template/text_template.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// Turns inputs into jobs: fills the template of the target, and the tag.
class JobPlanner {
public:
    /// For the job function `job`, which must outlive the planner, or, if there is none, for a
    /// command. `slots` is how many jobs run at a time.
    ///
    /// Errors:    UsageError (the template), ConfigError (the arguments of a job function).
    JobPlanner(
        const Options& options,
        const Target& target,
        const job::Job* job,
        const InputShape& shape,
        unsigned slots);

    /// Whether JobInput::total must be known, for --results as well.
    [[nodiscard]] bool needs_total() const noexcept;

    [[nodiscard]] const PlaceholderSet& placeholders() const noexcept { return placeholders_; }

    /// Errors:    Error (this job cannot be started with these items; the run goes on).
    [[nodiscard]] JobSpec plan(const JobInput& input, unsigned slot, unsigned attempt) const;

    /// The text of the job's command; where there can be none, one that fails and shows the items.
    [[nodiscard]] std::string text(const JobInput& input, unsigned slot) const;

private:
    void add_files(const RunOptions& options);
    [[nodiscard]] std::vector<JobFile> files_of(
        const JobInput& input, unsigned slot, const std::filesystem::path& folder) const;

    PlaceholderSet placeholders_;
    std::unique_ptr<CommandTemplate> command_;
    std::optional<ModuleTemplate> module_;
    std::optional<TextTemplate> tag_;
    std::optional<TextTemplate> working_directory_;
    bool results_need_total_ = false;

    struct FileToFill {
        TextTemplate destination;
        TextTemplate text;
        mode_t mode = 0;
    };

    std::vector<FileToFill> files_;
};

}  // namespace aiomisc::cli
