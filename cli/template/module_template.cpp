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
    const std::string& placeholder,
    bool with_items)
    : module_(std::move(module)), job_(&job) {
    const auto is_constant = [&](std::string_view text) {
        return !TextTemplate(text, placeholder).has_placeholder();
    };
    if (with_items && std::all_of(words.begin(), words.end(), is_constant)) {
        words.push_back(placeholder);
    }
    for (const JobWord& word : match_job_words(job, words, is_constant)) {
        arguments_.push_back({word.parameter, TextTemplate(word.text, placeholder)});
    }
}

FilledCall ModuleTemplate::fill(const JobInput& input, unsigned slot) const {
    FilledCall filled;
    for (const Argument& argument : arguments_) {
        const bool is_list = job_->parameters()[argument.parameter].repeatable;
        const auto* sole = is_list ? argument.text.sole_placeholder() : nullptr;
        if (sole == nullptr) {
            filled.call.arguments.push_back({argument.parameter, argument.text.fill(input, slot)});
            continue;
        }
        for (std::string& value : expand(*sole, input, slot)) {
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

}  // namespace aiomisc::cli
