// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/module_template.h>

#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/job/job_template.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace aiomisc::cli {

ModuleTemplate::ModuleTemplate(
    std::string module,
    const job::Job& job,
    const std::vector<std::string>& words,
    const PlaceholderSet& placeholders,
    const ModuleItems& items)
    : module_(std::move(module)), job_(&job), repeat_words_(items.repeat_words) {
    const auto is_constant = [&](std::string_view text) {
        return !TextTemplate(text, placeholders).has_placeholder();
    };
    std::vector<JobWord> matched;
    if (items.any && std::all_of(words.begin(), words.end(), is_constant)) {
        MatchedWords first = match_first_job_words(job, words, is_constant);
        matched = std::move(first.words);
        open_ = std::move(first.open);
        check_room_for(items);
    } else {
        matched = match_job_words(job, words, is_constant);
    }
    for (const JobWord& word : matched) {
        arguments_.push_back({word.parameter, TextTemplate(word.text, placeholders)});
    }
}

void ModuleTemplate::check_room_for(const ModuleItems& items) const {
    std::string problem;
    if (items.repeat_words && !takes_any_number()) {
        problem = "-X needs a parameter that is a list; say where the items go, as in NAME={}";
    } else if (items.most > 0) {
        problem = problem_of(items.most);
    }
    if (!problem.empty()) {
        throw ConfigError(std::string(job_->name()), "arguments", problem);
    }
}

bool ModuleTemplate::takes_any_number() const {
    return !open_->empty() && job_->parameters()[open_->back()].repeatable;
}

std::string ModuleTemplate::problem_of(std::size_t items) const {
    std::vector<std::string_view> names;
    for (std::size_t index = 0; index < open_->size(); ++index) {
        const job::ParameterInfo& parameter = job_->parameters()[(*open_)[index]];
        if (parameter.required && index >= items) {
            return fmt::format("{}: is missing", parameter.name);
        }
        names.push_back(parameter.name);
    }
    if (items <= names.size() || takes_any_number()) {
        return {};
    }
    return fmt::format(
        "a job has {} item{}, and {} for them; say where they go, as in NAME={{1}}",
        items,
        items == 1 ? "" : "s",
        names.empty() ? "no parameter is left"
        : names.size() == 1
            ? fmt::format("one parameter is left ({})", names.front())
            : fmt::format("{} parameters are left ({})", names.size(), fmt::join(names, ", ")));
}

void ModuleTemplate::append_items(
    std::vector<JobArgument>& arguments, const std::vector<std::string>& items) const {
    if (const std::string problem = problem_of(items.size()); !problem.empty()) {
        throw Error(problem);
    }
    for (std::size_t index = 0; index < items.size(); ++index) {
        arguments.push_back({(*open_)[std::min(index, open_->size() - 1)], items[index]});
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
    if (open_) {
        append_items(filled.call.arguments, input.items);
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
