// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/options.h>

#include <aiomisc/cli/input/column_splitter.h>
#include <aiomisc/cli/options/option_parser.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/options/words.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

namespace aiomisc::cli {
namespace {

// Options from elsewhere than the command line: nothing but options is allowed there.
OptionWords option_words(
    const std::string& origin, const std::function<std::vector<std::string>()>& read) {
    try {
        const std::vector<std::string> words = read();
        Options scratch;
        OptionWords options = OptionParser(scratch).split(words);
        if (options.count != words.size()) {
            throw UsageError("'" + words[options.count] + "' is not an option");
        }
        return options;
    } catch (const UsageError& error) {
        throw UsageError("in " + origin + ": " + error.what());
    }
}

// What the words behind the options name, read with the options of the command line alone: another
// separator cannot come from the file that it helps to find.
std::string find_target(
    const std::vector<std::string>& tokens, std::span<const std::string> words, bool& directives) {
    Options scratch;
    OptionParser parser(scratch);
    parser.parse(tokens);
    directives = parser.wants_directives();
    const SplitWords split = split_sources(words, parser.separators());
    return split.command.empty() ? std::string() : split.command.front();
}

// GNU parallel's `{= s/x/y/ =}`, as one word or several; a shell would take it for something else.
bool has_perl_expression(const std::vector<std::string>& words) {
    bool open = false;
    for (const std::string& word : words) {
        const std::size_t begin = word.find("{=");
        open = open || begin != std::string::npos;
        if (open && word.find("=}", begin == std::string::npos ? 0 : begin) != std::string::npos) {
            return true;
        }
    }
    return false;
}

bool is_table(std::string_view results) {
    return results.ends_with(".csv") || results.ends_with(".tsv") || results.ends_with(".jsonl") ||
           results.ends_with(".json");
}

void check_resume(const Options& options) {
    const ResumeOptions& resume = options.resume;
    const std::string& log = options.report.job_log;
    if (resume.mode == ResumeMode::kNone) {
        if (resume.key) {
            throw UsageError("--resume-by needs --resume or --resume-failed");
        }
        return;
    }
    if (log.empty()) {
        throw UsageError(std::string(option_of(resume.mode)) + " needs --joblog FILE");
    }
    if (resume.mode == ResumeMode::kRetryFailed && needs_items(options) &&
        !log.ends_with(".jsonl")) {
        throw UsageError(
            "--retry-failed with --results, --wd or --tmpl needs a log that keeps the items: "
            "--joblog "
            "FILE.jsonl");
    }
    if (resume.key == ResumeKey::kItems && !log.ends_with(".jsonl")) {
        throw UsageError("--resume-by args needs a log that keeps the items: --joblog FILE.jsonl");
    }
}

void check(const Options& options) {
    check_resume(options);
    const TemplateOptions& command = options.command;
    if (command.no_shell && (command.shell_given || command.mode == Mode::kShell)) {
        throw UsageError("--no-shell excludes --shell and --mode shell");
    }
    if (!command.words.empty() && command.words.front().empty()) {
        throw UsageError("the command is an empty word");
    }
    ColumnSplitter::make(options.input.columns);
    if (options.input.fill && command.words.empty()) {
        throw UsageError("-X needs a command to fill with items");
    }
    if (has_perl_expression(command.words)) {
        throw UsageError("{= =}: there is no programming language in templates; use --define");
    }
    if (command.words.empty() && command.mode != Mode::kAuto && command.mode != Mode::kShell) {
        throw UsageError("--mode needs a TARGET");
    }
    if (options.output.print_file_names && is_table(options.output.results)) {
        throw UsageError("--files prints names of files: give --results a folder or a template");
    }
    if (options.run.remove_files && options.run.file_templates.empty()) {
        throw UsageError("--cleanup needs --tmpl");
    }
    if (options.action == Options::Action::kDescribe && command.words.size() != 1) {
        throw UsageError("--describe needs one job module or source");
    }
}

}  // namespace

bool needs_items(const Options& options) noexcept {
    return !options.output.results.empty() || !options.run.working_directory.empty() ||
           !options.run.file_templates.empty();
}

const char* option_of(ResumeMode mode) noexcept {
    switch (mode) {
        case ResumeMode::kNone:
            break;
        case ResumeMode::kResume:
            return "--resume";
        case ResumeMode::kFailed:
            return "--resume-failed";
        case ResumeMode::kRetryFailed:
            return "--retry-failed";
    }
    return "";
}

Options parse_command_line(const std::vector<std::string>& arguments, const ParseContext& context) {
    Options options;
    OptionParser parser(options);
    OptionWords own = parser.split(arguments);
    const auto words = std::span(arguments).subspan(own.count);

    std::vector<std::string> tokens = option_words("AIOMISC_RUN_OPTS", [&] {
                                          return split_words(context.environment_options);
                                      }).tokens;
    options.given = std::move(own.names);
    if (context.directives != nullptr) {
        bool wanted = false;
        const std::string target = find_target(own.tokens, words, wanted);
        if (wanted && !target.empty()) {
            OptionWords more = option_words(target, [&] { return context.directives(target); });
            options.has_directives = more.count > 0;
            std::ranges::move(more.tokens, std::back_inserter(tokens));
            std::ranges::move(more.names, std::back_inserter(options.given));
        }
    }
    std::move(own.tokens.begin(), own.tokens.end(), std::back_inserter(tokens));
    parser.parse(std::move(tokens));
    options.option_words = own.count;
    options.options_dashed = own.dashed;
    options.environment = context.environment_options;

    SplitWords split = split_sources(words, parser.separators());
    std::move(split.sources.begin(), split.sources.end(), std::back_inserter(options.sources));
    options.command.words = std::move(split.command);
    // A template that is nothing but the item is the item as a command line.
    if (options.command.words == std::vector{options.command.placeholder}) {
        options.command.words.clear();
    }
    options.output.add_to_results = options.resume.mode != ResumeMode::kNone;
    check(options);
    return options;
}

}  // namespace aiomisc::cli
