// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/module_template.h>

#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/worker/job/job_template.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

ModuleTemplate::ModuleTemplate(
    std::string module,
    const job::Job& job,
    std::vector<std::string> words,
    const PlaceholderSet& placeholders,
    bool with_items,
    bool repeat_words)
    : module_(std::move(module)), job_(&job), repeat_words_(repeat_words) {
    const auto is_constant = [&](std::string_view text) {
        return !TextTemplate(text, placeholders).has_placeholder();
    };
    if (with_items && std::all_of(words.begin(), words.end(), is_constant)) {
        words.push_back(placeholders.whole());
    }
    for (const JobWord& word : match_job_words(job, words, is_constant)) {
        arguments_.push_back({word.parameter, TextTemplate(word.text, placeholders)});
    }
}

std::vector<std::string> ModuleTemplate::values_of(
    const Argument& argument, const JobInput& input, unsigned slot) const {
    if (job_->parameters()[argument.parameter].repeatable) {
        if (const auto* sole = argument.text.sole_placeholder()) {
            return expand(*sole, input, slot);
        }
        if (repeat_words_ && argument.text.embeds_all_items()) {
            return argument.text.fill_each(input, slot);
        }
    }
    return {argument.text.fill(input, slot)};
}

FilledCall ModuleTemplate::fill(const JobInput& input, unsigned slot) const {
    FilledCall filled;
    for (const Argument& argument : arguments_) {
        for (std::string& value : values_of(argument, input, slot)) {
            filled.call.arguments.push_back({argument.parameter, std::move(value)});
        }
    }
    filled.text = shell_quote(module_);
    for (const JobArgument& argument : filled.call.arguments) {
        const std::string_view name = job_->parameters()[argument.parameter].name;
        filled.text += " " + std::string(name) + "=" + shell_quote(argument.text);
    }
    return filled;
}

bool ModuleTemplate::needs_total() const noexcept {
    return std::ranges::any_of(
        arguments_, [](const Argument& argument) { return argument.text.needs_total(); });
}

}  // namespace aiomisc::cli
