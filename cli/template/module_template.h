// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/template/text_template.h>
#include <aiomisc/worker/job/descriptor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// A call of a job function for one job, and how to show it.
struct FilledCall {
    ModuleCall call;
    std::string text;  ///< see JobSpec::text
};

/// The items that the jobs of a run have.
struct ModuleItems {
    bool any = true;       ///< false if none is to reach the job (-N0)
    std::size_t most = 0;  ///< of a job; 0 if that is not known
    /// -X: as many a job as there is room for, and a list parameter gets a value for each of them
    /// from a word that has more in it than `{}`, too.
    bool repeat_words = false;
};

/// Makes the arguments of each job of a module: `size=256 src={} dst=out/{/.}.jpg`.
///
/// Without a placeholder in the words the items are for the parameters that were not given: one
/// each, in their order, and a list takes all that are left. A word that is nothing but `{}` gives
/// a list parameter as many values as there are items.
class ModuleTemplate {
public:
    /// `module` is how the user called it; `job` must outlive the template.
    ///
    /// Errors:    ConfigError (the words do not fit the job's parameters, or the items do not fit
    ///            those that are left), UsageError (see PlaceholderSet::match()).
    ModuleTemplate(
        std::string module,
        const job::Job& job,
        const std::vector<std::string>& words,
        const PlaceholderSet& placeholders,
        const ModuleItems& items = {});

    /// Errors:    Error (this job has too many items for the parameters that are left, or too few).
    [[nodiscard]] FilledCall fill(const JobInput& input, unsigned slot) const;

    /// Whether JobInput::total must be known.
    [[nodiscard]] bool needs_total() const noexcept;

private:
    struct Argument {
        std::size_t parameter = 0;
        TextTemplate text;
    };

    void check_room_for(const ModuleItems& items) const;
    [[nodiscard]] bool takes_any_number() const;
    [[nodiscard]] std::string problem_of(std::size_t items) const;
    void append_items(
        std::vector<JobArgument>& arguments, const std::vector<std::string>& items) const;
    [[nodiscard]] std::vector<std::string> values_of(
        const Argument& argument, const JobInput& input, unsigned slot) const;

    std::string module_;
    const job::Job* job_;
    bool repeat_words_;
    std::vector<Argument> arguments_;
    /// The parameters that the items are for; none if the words have placeholders.
    std::optional<std::vector<std::size_t>> open_;
};

}  // namespace aiomisc::cli
