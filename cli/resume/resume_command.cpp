// SPDX-License-Identifier: MIT
#include <aiomisc/cli/resume/resume_command.h>

#include <aiomisc/cli/log/log_record.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/template/shell_quote.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <system_error>

namespace aiomisc::cli {
namespace {

// Longer lines are no help to anybody: the items of a run may fill megabytes.
constexpr std::size_t kMaxLine = 2000;

bool is_regular(const std::string& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error);
}

std::string command_line(
    const UnfinishedRun& run, const char* option, const std::vector<std::string>& words) {
    std::vector<std::string> line{run.program};
    if (*option != '\0') {
        line.emplace_back(option);
    }
    line.insert(line.end(), words.begin(), words.end());
    return shell_join(line);
}

// What a terminal would act on cannot be shown and be pasted, both.
bool can_be_pasted(const std::string& line) {
    return line.size() <= kMaxLine && printable(line) == line;
}

ResumeMode mode_needed(const Options& options, const UnfinishedRun& run) {
    return std::max(options.resume.mode, run.failed ? ResumeMode::kFailed : ResumeMode::kResume);
}

// With what failed in the log, and no input; none if the log does not tell what to run.
std::optional<std::string> retry_command(const Options& options, const UnfinishedRun& run) {
    const bool has_items = log_format(options.report.job_log) == LogFormat::kJson;
    if (run.not_run || (!has_items && (run.is_module || needs_items(options)))) {
        return std::nullopt;
    }
    const auto options_end =
        run.arguments.begin() + static_cast<std::ptrdiff_t>(options.option_words);
    std::vector<std::string> words(run.arguments.begin(), options_end);
    if (run.is_module) {
        words.insert(words.end(), options.command.words.begin(), options.command.words.end());
    }
    const std::string line = command_line(run, "--retry-failed", words);
    return can_be_pasted(line) ? std::optional(line) : std::nullopt;
}

}  // namespace

std::string how_to_go_on(const Options& options, const UnfinishedRun& run) {
    if (!run.failed && !run.not_run) {
        return {};
    }
    if (options.report.job_log.empty()) {
        return "next time, --joblog FILE lets --resume-failed do only what is left";
    }
    if (!is_regular(options.report.job_log)) {
        return {};
    }
    const ResumeMode mode = mode_needed(options, run);
    const char* const option = mode == options.resume.mode ? "" : option_of(mode);
    const std::string same = command_line(run, option, run.arguments);
    const bool needs_input = mode != ResumeMode::kRetryFailed && !can_read_again(options.sources);
    if (!needs_input && can_be_pasted(same)) {
        return "go on with: " + same;
    }
    if (const auto retry = retry_command(options, run)) {
        return "go on with: " + *retry;
    }
    if (can_be_pasted(same)) {
        return "with the same input, go on with: " + same;
    }
    return std::string("go on with the same command and ") + option_of(mode);
}

bool can_read_again(const std::vector<SourceSpec>& sources) {
    return !sources.empty() && std::ranges::all_of(sources, [](const SourceSpec& source) {
        return source.kind == SourceSpec::Kind::kItems ||
               (source.path != "-" && is_regular(source.path));
    });
}

}  // namespace aiomisc::cli
