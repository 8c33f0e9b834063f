// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/descriptor.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc {

/// A word after a job module, and the parameter it is for.
struct JobWord {
    std::size_t parameter = 0;
    std::string text;  ///< still a template: placeholders stand in it

    friend bool operator==(const JobWord&, const JobWord&) = default;
};

/// Words with their parameters, and where words that are not known yet would go.
struct MatchedWords {
    std::vector<JobWord> words;
    /// The parameters that more words without a name are for, in their order; a list, which is the
    /// last of them then, takes all that are left.
    std::vector<std::size_t> open;
};

/// Matches the words after a job module with its parameters, before any item is put into them.
///
/// A word is `name=text`, or text alone for the first parameters that are not named, in their
/// order; a list takes all that is left. Names are looked for in the template and nowhere else: an
/// item that contains "dst=/etc/passwd" stays a value. Words without a placeholder are converted on
/// trial.
///
/// Params:    `is_constant` tells of a text that it has no placeholder.
/// Errors:    ConfigError, with all that is wrong: unknown names, parameters given twice, too many
///            words, parameters that are missing, constants that cannot be converted.
std::vector<JobWord> match_job_words(
    const job::Job& job,
    std::span<const std::string> words,
    const std::function<bool(std::string_view)>& is_constant);

/// The same for words that others will follow, which each job brings: what is open is not missing.
///
/// Errors:    as match_job_words().
MatchedWords match_first_job_words(
    const job::Job& job,
    std::span<const std::string> words,
    const std::function<bool(std::string_view)>& is_constant);

/// What is wrong with the arguments of one job: empty, or a sentence for each.
std::vector<std::string> argument_problems(
    const job::Job& job, std::span<const job::Argument> arguments);

}  // namespace aiomisc
