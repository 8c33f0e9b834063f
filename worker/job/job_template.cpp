// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/job_template.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/job/argument_traits.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace aiomisc {

namespace {

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/// `name` of `name=text`; nothing if the word is text alone: a path, a placeholder, a number.
std::optional<std::string_view> name_of(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0 ||
        word.substr(0, equals).find_first_not_of(kNameCharacters) != std::string_view::npos) {
        return std::nullopt;
    }
    return word.substr(0, equals);
}

class Matcher {
public:
    explicit Matcher(const job::Job& job)
        : job_(job), parameters_(job.parameters()), given_(parameters_.size(), false) {}

    void add(std::span<const std::string> words) {
        for (const std::string& word : words) {
            add(word);
        }
        place_positional();
    }

    /// Where more words without a name would go.
    std::vector<std::size_t> open() const {
        std::vector<std::size_t> open;
        for (std::size_t index = next_open(0); index < parameters_.size();
             index = next_open(index + 1)) {
            open.push_back(index);
            if (parameters_[index].repeatable) {
                break;
            }
        }
        return open;
    }

    void find_missing(std::span<const std::size_t> open = {}) {
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            if (parameters_[i].required && !given_[i] && std::ranges::find(open, i) == open.end()) {
                problems_.push_back(fmt::format("{}: is missing", parameters_[i].name));
            }
        }
    }

    void check_constants(const std::function<bool(std::string_view)>& is_constant) {
        std::vector<job::Argument> constants;
        for (const JobWord& word : words_) {
            if (is_constant(word.text)) {
                constants.push_back({word.parameter, word.text});
            }
        }
        std::ranges::move(argument_problems(job_, constants), std::back_inserter(problems_));
    }

    std::vector<JobWord> result() && {
        if (!problems_.empty()) {
            throw ConfigError(
                std::string(job_.name()),
                "arguments",
                fmt::format("{}", fmt::join(problems_, "; ")));
        }
        return std::move(words_);
    }

private:
    void add(std::string_view word) {
        const auto name = name_of(word);
        if (!name) {
            positional_.emplace_back(word);
            return;
        }
        const auto found = std::ranges::find(parameters_, *name, &job::ParameterInfo::name);
        if (found == parameters_.end()) {
            problems_.push_back(
                fmt::format("'{}' is not a parameter; there are: {}", *name, names()));
            return;
        }
        const auto index = static_cast<std::size_t>(found - parameters_.begin());
        if (given_[index] && !found->repeatable) {
            problems_.push_back(fmt::format("{}: is given twice", *name));
            return;
        }
        give(index, word.substr(name->size() + 1));
    }

    /// Gives the words without a name to the parameters that were not named.
    void place_positional() {
        named_ = given_;
        for (const std::string_view text : positional_) {
            const std::size_t index = next_open(0);
            if (index == parameters_.size()) {
                problems_.push_back(fmt::format("'{}' is one word too many", text));
            } else {
                give(index, text);
            }
        }
    }

    /// The first parameter from `index` on that takes a word without a name. A list that already
    /// took one takes the next, but one that was named takes none.
    std::size_t next_open(std::size_t index) const {
        while (index < parameters_.size() &&
               (named_[index] || (given_[index] && !parameters_[index].repeatable))) {
            ++index;
        }
        return index;
    }

    void give(std::size_t parameter, std::string_view text) {
        given_[parameter] = true;
        words_.push_back({parameter, std::string(text)});
    }

    std::string names() const {
        std::vector<std::string_view> all;
        std::ranges::transform(parameters_, std::back_inserter(all), &job::ParameterInfo::name);
        return all.empty() ? "none" : fmt::format("{}", fmt::join(all, ", "));
    }

    const job::Job& job_;
    std::span<const job::ParameterInfo> parameters_;
    std::vector<bool> given_;
    std::vector<bool> named_;
    std::vector<std::string_view> positional_;
    std::vector<JobWord> words_;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<JobWord> match_job_words(
    const job::Job& job,
    std::span<const std::string> words,
    const std::function<bool(std::string_view)>& is_constant) {
    Matcher matcher(job);
    matcher.add(words);
    matcher.find_missing();
    matcher.check_constants(is_constant);
    return std::move(matcher).result();
}

MatchedWords match_first_job_words(
    const job::Job& job,
    std::span<const std::string> words,
    const std::function<bool(std::string_view)>& is_constant) {
    Matcher matcher(job);
    matcher.add(words);
    std::vector<std::size_t> open = matcher.open();
    matcher.find_missing(open);
    matcher.check_constants(is_constant);
    return {std::move(matcher).result(), std::move(open)};
}

std::vector<std::string> argument_problems(
    const job::Job& job, std::span<const job::Argument> arguments) {
    std::vector<std::string> problems;
    for (const job::Argument& argument : arguments) {
        try {
            job.check(argument.parameter, argument.text);
        } catch (const ArgumentError& error) {
            problems.emplace_back(error.what());
        }
    }
    return problems;
}

}  // namespace aiomisc
