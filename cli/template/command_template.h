// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/template/shell_template.h>
#include <aiomisc/cli/template/text_template.h>

#include <memory>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// A command for one job, and how to show it.
struct FilledCommand {
    Command command;
    std::string text;  ///< see JobSpec::text
};

/// Makes the command of each job.
class CommandTemplate {
public:
    CommandTemplate() = default;
    CommandTemplate(const CommandTemplate&) = delete;
    CommandTemplate& operator=(const CommandTemplate&) = delete;
    virtual ~CommandTemplate() = default;

    /// Errors:    Error (an item cannot stand in a command: it has a zero byte, or see
    ///            ShellTemplate::fill()). The job cannot be started; the run goes on.
    [[nodiscard]] virtual FilledCommand fill(const JobInput& input, unsigned slot) const = 0;

    /// Whether JobInput::total must be known.
    [[nodiscard]] virtual bool needs_total() const noexcept = 0;

    /// The template for a command that is given by options, by the first of these that applies:
    ///
    /// - no words: each item is a command line of the shell;
    /// - --no-shell, --mode exec: the words are executed as they stand;
    /// - -q: the words are executed; by a shell if only a shell knows the first;
    /// - no shell syntax in the words, nor --shell or --mode shell: executed;
    /// - else the words, joined by blanks, are a script of the shell.
    ///
    /// Without a placeholder the items are appended. `many_items` says whether a job may have more
    /// than one.
    ///
    /// Errors:    UsageError (see lex_shell() and PlaceholderSet::match()).
    static std::unique_ptr<CommandTemplate> make(
        const TemplateOptions& options, const PlaceholderSet& placeholders, bool many_items);
};

}  // namespace aiomisc::cli
