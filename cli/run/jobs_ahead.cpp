// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/jobs_ahead.h>

#include <algorithm>
#include <string>

namespace aiomisc::cli {

namespace {

/// `{%}`, whatever the placeholder's braces are.
bool names_slot(const std::string& text) {
    return text.find('%') != std::string::npos;
}

}  // namespace

bool may_run_ahead(const Options& options) {
    const RunOptions& run = options.run;
    const bool starts_freely = !run.time_limit.any() && run.memory_limit.resident == 0 &&
                               !run.start.any() && run.halt.when == HaltRule::When::kNever &&
                               run.worker_rss == 0 && run.file_templates.empty();
    const bool is_shown = options.report.print_to_stderr || options.report.print_to_stdout;
    const bool has_slot = std::ranges::any_of(options.command.words, names_slot) ||
                          names_slot(options.output.tag.value_or("")) ||
                          names_slot(options.output.results) || names_slot(run.working_directory);
    return starts_freely && !is_shown && !has_slot;
}

}  // namespace aiomisc::cli
