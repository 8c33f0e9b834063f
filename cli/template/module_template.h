// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/template/text_template.h>
#include <aiomisc/worker/job/descriptor.h>

#include <string>
#include <vector>

namespace aiomisc::cli {

/// A call of a job function for one job, and how to show it.
struct FilledCall {
    ModuleCall call;
    std::string text;  ///< see JobSpec::text
};

/// Makes the arguments of each job of a module: `size=256 src={} dst=out/{/.}.jpg`.
///
/// Without a placeholder in the words the items are appended, as one more word. A word that is
/// nothing but `{}` gives a list parameter as many values as there are items.
class ModuleTemplate {
public:
    /// `module` is how the user called it; `job` must outlive the template. `with_items` is false
    /// when no item is to reach the job (-N0). With `repeat_words` (-X) a list parameter gets a
    /// value for each item from a word that has more in it than `{}`, too.
    ///
    /// Errors:    ConfigError (the words do not fit the job's parameters; all that is wrong),
    ///            UsageError (see PlaceholderSet::match()).
    ModuleTemplate(
        std::string module,
        const job::Job& job,
        std::vector<std::string> words,
        const PlaceholderSet& placeholders,
        bool with_items,
        bool repeat_words = false);

    [[nodiscard]] FilledCall fill(const JobInput& input, unsigned slot) const;

    /// Whether JobInput::total must be known.
    [[nodiscard]] bool needs_total() const noexcept;

private:
    struct Argument {
        std::size_t parameter = 0;
        TextTemplate text;
    };

    [[nodiscard]] std::vector<std::string> values_of(
        const Argument& argument, const JobInput& input, unsigned slot) const;

    std::string module_;
    const job::Job* job_;
    bool repeat_words_;
    std::vector<Argument> arguments_;
};

}  // namespace aiomisc::cli
