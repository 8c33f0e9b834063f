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
#include <utility>

namespace aiomisc::cli {
namespace {

// Longer lines are no help to anybody: the items of a run may fill megabytes.
constexpr std::size_t kMaxLine = 2000;

bool is_regular(const std::string& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error);
}

// Another process has other descriptors, or none of that number.
bool names_descriptor(const std::string& path) {
    std::error_code error;
    const std::string name = std::filesystem::absolute(path, error).lexically_normal().string();
    return name.starts_with("/proc/") || name.starts_with("/dev/fd/") || name == "/dev/stdin" ||
           name == "/dev/stdout" || name == "/dev/stderr";
}

bool can_be_read_later(const std::vector<SourceSpec>& sources) {
    return can_read_again(sources) && std::ranges::none_of(sources, [](const SourceSpec& source) {
               return source.kind == SourceSpec::Kind::kFile && names_descriptor(source.path);
           });
}

/// The words of the command line, and what is to be another way this time.
class NextLine {
public:
    NextLine(const Options& options, const UnfinishedRun& run) : options_(options), run_(run) {
        const auto at = run.arguments.begin() + static_cast<std::ptrdiff_t>(options.option_words);
        own_.assign(run.arguments.begin(), at);
        rest_.assign(at, run.arguments.end());
    }

    /// Instead of the resume option that is there, if there is one.
    void set_mode(ResumeMode mode) {
        if (mode == options_.resume.mode) {
            return;
        }
        for (const ResumeMode old :
             {ResumeMode::kResume, ResumeMode::kFailed, ResumeMode::kRetryFailed}) {
            if (std::ranges::find(options_.given, option_of(old)) != options_.given.end() &&
                std::ranges::count(own_, option_of(old)) == 1) {
                std::erase(own_, option_of(old));
            }
        }
        own_.insert(own_.begin(), option_of(mode));
    }

    /// The order of this run, where none was asked for. The last option holds.
    void set_seed() {
        const InputOptions& input = options_.input;
        if (input.seed_drawn && input.shuffle_seed) {
            own_.insert(
                own_.end() - (options_.options_dashed ? 1 : 0),
                "--shuf=" + std::to_string(*input.shuffle_seed));
        }
    }

    void set_rest(std::vector<std::string> words) { rest_ = std::move(words); }

    [[nodiscard]] std::string text() const {
        const std::string& defaults = options_.environment;
        std::vector<std::string> line{run_.program};
        line.insert(line.end(), own_.begin(), own_.end());
        line.insert(line.end(), rest_.begin(), rest_.end());
        return (defaults.empty() ? "" : "AIOMISC_RUN_OPTS=" + shell_quote(defaults) + " ") +
               shell_join(line);
    }

private:
    const Options& options_;
    const UnfinishedRun& run_;
    std::vector<std::string> own_;   // the options
    std::vector<std::string> rest_;  // TARGET, its words, the sources
};

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
    NextLine next(options, run);
    next.set_mode(ResumeMode::kRetryFailed);
    // The log has the commands, but not the options that stand in a script.
    const bool needs_target = run.is_module || options.has_directives;
    next.set_rest(needs_target ? options.command.words : std::vector<std::string>());
    const std::string line = next.text();
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
    NextLine next(options, run);
    next.set_mode(mode);
    next.set_seed();
    const std::string same = next.text();
    const bool needs_input =
        mode != ResumeMode::kRetryFailed && !can_be_read_later(options.sources);
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
