// SPDX-License-Identifier: MIT

// The only file that knows CLI11. It gives the table of options, their values and the long help;
// where options end, and that a value may be empty or begin with a dash, is decided by split().

#include <aiomisc/cli/options/option_parser.h>

#include <aiomisc/cli/options/gnu_options.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/options/words.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

namespace aiomisc::cli {
namespace {

struct Shorthand {
    std::string_view flag;
    const char* option;
    const char* value;
};

constexpr Shorthand kShorthands[] = {
    {"null", "--delimiter", "\\0"},
    {"bar", "--progress", "bar"},
    {"silent", "--summary", "never"},
    {"group", "--output-mode", "group"},
    {"line-buffer", "--output-mode", "line-buffer"},
    {"ungroup", "--output-mode", "ungroup"},
};

template <typename Value>
struct Choice {
    const char* name;
    Value value;
};

template <typename Value, std::size_t Count>
Value choose(const std::string& text, const Choice<Value> (&choices)[Count]) {
    std::string expected;
    for (const auto& choice : choices) {
        if (text == choice.name) {
            return choice.value;
        }
        expected += (expected.empty() ? "" : ", ") + std::string(choice.name);
    }
    throw UsageError("expected one of " + expected);
}

constexpr Choice<Mode> kModes[] = {
    {"auto", Mode::kAuto},
    {"module", Mode::kModule},
    {"source", Mode::kSource},
    {"exec", Mode::kExec},
    {"shell", Mode::kShell}};
constexpr Choice<Trim> kTrims[] = {
    {"n", Trim::kNone},
    {"l", Trim::kLeft},
    {"r", Trim::kRight},
    {"lr", Trim::kBoth},
    {"rl", Trim::kBoth}};
constexpr Choice<OutputMode> kOutputModes[] = {
    {"group", OutputMode::kGroup},
    {"line-buffer", OutputMode::kLineBuffer},
    {"ungroup", OutputMode::kUngrouped}};
constexpr Choice<ProgressMode> kProgressModes[] = {
    {"auto", ProgressMode::kAuto},
    {"bar", ProgressMode::kBar},
    {"plain", ProgressMode::kPlain},
    {"json", ProgressMode::kJson},
    {"none", ProgressMode::kNone}};
constexpr Choice<SummaryMode> kSummaryModes[] = {
    {"auto", SummaryMode::kAuto}, {"always", SummaryMode::kAlways}, {"never", SummaryMode::kNever}};

char parse_delimiter(const std::string& text) {
    if (text.size() == 1) {
        return text[0];
    }
    if (text == "\\n") {
        return '\n';
    }
    if (text == "\\t") {
        return '\t';
    }
    if (text == "\\0") {
        return '\0';
    }
    const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(c | 0x20); };
    if (text.size() == 4 && text.starts_with("\\x") && digit(text[2]) < 16 && digit(text[3]) < 16) {
        return static_cast<char>(digit(text[2]) << 4 | digit(text[3]));
    }
    throw UsageError("expected one character, \\n, \\t, \\0 or \\xHH");
}

template <typename Number>
Number parse_number(const std::string& text, Number least) {
    const auto count = parse_count(text);
    if (!count || *count < least || *count > std::numeric_limits<Number>::max()) {
        throw UsageError("expected a number, at least " + std::to_string(least));
    }
    return static_cast<Number>(*count);
}

template <typename Value>
Value required(const std::optional<Value>& value, const char* expected) {
    if (!value) {
        throw UsageError(std::string("expected ") + expected);
    }
    return *value;
}

std::string in_quotes(std::string_view text) {
    return "'" + std::string(text) + "'";
}

}  // namespace

struct OptionParser::Implementation {
    explicit Implementation(Options& options_to_fill) : options(options_to_fill) {
        app.set_help_flag();
        add_input(options.input);
        add_command(options.command);
        add_running(options.run);
        add_output(options.output);
        add_reporting(options.report);
        add_general();
    }

    /// An option with one value; given twice, the later one holds.
    template <typename Apply>
    CLI::Option* value(
        const std::string& names, const char* type, Apply apply, const std::string& meaning) {
        CLI::Option* const option = app.add_option(names, meaning);
        option->type_name(type)->take_last()->each([option, apply](const std::string& text) {
            try {
                apply(text);
            } catch (const UsageError& error) {
                throw UsageError(option->get_name() + " " + in_quotes(text) + ": " + error.what());
            }
        });
        return option->group(group);
    }

    CLI::Option* flag(const std::string& names, bool& target, const std::string& meaning) {
        return app.add_flag_callback(names, [&target] { target = true; }, meaning)->group(group);
    }

    /// A flag that split() replaces.
    void shorthand(const std::string& names, const std::string& meaning) {
        app.add_flag(names, meaning)->group(group);
    }

    void add_input(InputOptions& input);
    void add_command(TemplateOptions& command);
    void add_running(RunOptions& run);
    void add_output(OutputOptions& output);
    void add_reporting(ReportOptions& report);
    void add_general();

    Options& options;
    Separators separators;
    bool directives = true;
    std::string group;
    CLI::App app{"Runs jobs over many inputs: commands, job modules, C++ sources."};
};

void OptionParser::Implementation::add_input(InputOptions& input) {
    group = "Input";
    value(
        "-a,--arg-file",
        "FILE",
        [this](const std::string& text) {
            options.sources.push_back({.kind = SourceSpec::Kind::kFile, .path = text});
        },
        "Items from FILE, one a line; - is stdin. May be repeated")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    value(
        "-d,--delimiter",
        "C",
        [&input](const std::string& text) { input.delimiter = parse_delimiter(text); },
        "Items end with C instead of a newline: a character, \\n, \\t, \\0, \\xHH");
    shorthand("-0,--null", "Items end with a zero byte");
    flag("-r,--no-run-if-empty", input.drop_blank, "No job for empty or blank items");
    value(
        "-E,--eof",
        "STR",
        [&input](const std::string& text) { input.end_item = text; },
        "A source ends at the item STR");
    value(
        "--trim",
        "n|l|r|lr",
        [&input](const std::string& text) { input.trim = choose(text, kTrims); },
        "Cut blanks off the left or right of items");
    flag(
        "--link,--xapply",
        input.link,
        "Join the sources row by row instead of making every combination");
    value(
        "-n,--max-args",
        "N",
        [&input](const std::string& text) { input.items_per_job = parse_number(text, 1U); },
        "N items a job");
    value(
        "-N,--max-replace-args",
        "N",
        [&input](const std::string& text) { input.items_per_job = parse_number(text, 0U); },
        "N items a job, as {1} to {N}; 0: one item a job, left out of the command");
    value(
        "--arg-sep",
        "S",
        [this](const std::string& text) { separators.items = text; },
        "S instead of :::");
    value(
        "--arg-file-sep",
        "S",
        [this](const std::string& text) { separators.files = text; },
        "S instead of ::::");
}

void OptionParser::Implementation::add_command(TemplateOptions& command) {
    group = "Command";
    value(
        "-I,--replace",
        "STR",
        [&command](const std::string& text) {
            if (text.empty()) {
                throw UsageError("a placeholder cannot be empty");
            }
            command.placeholder = text;
        },
        "STR instead of {}");
    flag("-q,--quote", command.quote, "Take the words of the command literally, no shell syntax");
    flag("--no-shell", command.no_shell, "Execute the words as they stand, never a shell");
    value(
        "--shell",
        "PATH",
        [&command](const std::string& text) {
            command.shell = text;
            command.shell_given = true;
        },
        "Another POSIX shell than /bin/sh");
    value(
        "--mode",
        "MODE",
        [&command](const std::string& text) { command.mode = choose(text, kModes); },
        "What TARGET is: auto, module, source, exec or shell");
    value(
        "--cxxflags",
        "FLAGS",
        [&command](const std::string& text) {
            auto flags = split_words(text);
            std::move(flags.begin(), flags.end(), std::back_inserter(command.cxx_flags));
        },
        "More flags for compiling a C++ source. May be repeated")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    app.add_flag_callback(
           "--no-directives",
           [this] { directives = false; },
           "Ignore the options in the leading comments of a job file")
        ->group(group);
}

void OptionParser::Implementation::add_running(RunOptions& run) {
    group = "Running";
    value(
        "-j,-P,--jobs,--max-procs",
        "N",
        [&run](const std::string& text) { run.slots = parse_job_slots(text); },
        "Jobs at a time: N, CPUs +N or -N, N% of them; 0: as many as possible [100%]");
    value(
        "--timeout",
        "D|N%",
        [&run](const std::string& text) { run.time_limit = parse_time_limit(text); },
        "Kill an attempt after D, or after N% of the median runtime");
    value(
        "--retries,--attempts",
        "N",
        [&run](const std::string& text) { run.retry.attempts = parse_number(text, 0U); },
        "Attempts in all for a job that fails; 0: without limit [1]");
    value(
        "--retry-delay",
        "D[:MAX[:FACTOR]]",
        [&run](const std::string& text) { parse_retry_delay(text, run.retry); },
        "Pause before another attempt, growing up to MAX, with 20% jitter");
    value(
        "--halt,--halt-on-error",
        "RULE",
        [&run](const std::string& text) { run.halt = parse_halt_rule(text); },
        "never, or now|soon,fail|success|done=N or N%");
    value(
        "--term-seq,--termseq",
        "S",
        [&run](const std::string& text) { run.kill_ladder = parse_kill_ladder(text); },
        "How a job is killed [TERM,200,TERM,100,TERM,50,KILL,25]");
    value(
        "--delay",
        "D",
        [&run](const std::string& text) {
            run.start_gap = required(parse_duration(text), "a duration like 0.5 or 2m");
        },
        "Pause between two starts");
    value(
        "--worker-tasks",
        "N",
        [&run](const std::string& text) {
            run.worker_tasks = parse_number<std::uint64_t>(text, 0);
        },
        "Replace a worker process after N jobs (modules)");
    value(
        "--worker-rss",
        "SIZE",
        [&run](const std::string& text) {
            run.worker_rss = required(parse_size(text), "a size like 512M");
        },
        "Replace a worker process that has grown above SIZE (modules)");
    flag("--dry-run,--dryrun", run.dry_run, "Print the commands and run nothing");
}

void OptionParser::Implementation::add_output(OutputOptions& output) {
    group = "Output";
    flag("-k,--keep-order", output.keep_order, "Print in the order of the input");
    shorthand("--group", "Print a job's output when it ends (the default)");
    shorthand("--line-buffer,--lb,--linebuffer", "Print whole lines as they come");
    shorthand("-u,--ungroup", "Print straight through, mixed");
    // What the three stand for; without a group it is not in the help.
    value(
        "--output-mode",
        "MODE",
        [&output](const std::string& text) { output.mode = choose(text, kOutputModes); },
        "")
        ->group("");
    app.add_flag_callback(
           "--tag",
           [&output] {
               if (!output.tag) {
                   output.tag = "{}";
               }
           },
           "Begin each line with the items and a tab")
        ->group(group);
    value(
        "--tagstring",
        "S",
        [&output](const std::string& text) { output.tag = text; },
        "Begin each line with S, which may hold placeholders, and a tab");
    value(
        "--tmpdir",
        "DIR",
        [&output](const std::string& text) { output.spill_directory = text; },
        "Where long output waits [$TMPDIR or /tmp]");
    value(
        "--spill",
        "SIZE",
        [&output](const std::string& text) {
            output.spill_bytes = required(parse_size(text), "a size like 512K");
        },
        "Output of a job that is kept in memory before it goes to a file [1M]");
}

void OptionParser::Implementation::add_reporting(ReportOptions& report) {
    group = "Reporting";
    value(
        "--progress",
        "MODE",
        [&report](const std::string& text) { report.progress = choose(text, kProgressModes); },
        "auto, bar, plain, json or none [auto]");
    shorthand("--bar", "A progress bar; the same as --progress bar");
    value(
        "--summary",
        "MODE",
        [&report](const std::string& text) { report.summary = choose(text, kSummaryModes); },
        "auto, always or never [auto: when something failed]");
    shorthand("-s,--silent", "No summary");
    value(
        "--joblog,--jl",
        "FILE|+FILE",
        [&report](const std::string& text) {
            report.append_to_log = text.starts_with('+');
            report.job_log = text.substr(report.append_to_log ? 1 : 0);
            if (report.job_log.empty()) {
                throw UsageError("expected a file");
            }
        },
        "A line for each finished job; FILE.jsonl: a JSON record for each attempt; +: append");
    value(
        "--total",
        "N",
        [&report](const std::string& text) { report.total = parse_number<std::uint64_t>(text, 0); },
        "Number of jobs, for the bar, when the input comes slowly");
    flag("-t", report.print_to_stderr, "Print each command to stderr when it starts");
    flag("-v", report.print_to_stdout, "Print each command to stdout before its output");
}

void OptionParser::Implementation::add_general() {
    group = "General";
    const auto action = [this](const char* names, Options::Action what, const char* meaning) {
        app.add_flag_callback(
               names, [this, what] { options.action = what; }, meaning)
            ->group(group);
    };
    action(
        "--describe", Options::Action::kDescribe, "Print the parameters of a job module or source");
    action("--version", Options::Action::kVersion, "Print the version");
    action("-h,--help", Options::Action::kHelp, "Print a short help; --help=all prints this");
    action("--help-all", Options::Action::kHelpAll, "The same as --help=all");
}

namespace {

class OptionSplitter {
public:
    OptionSplitter(const CLI::App& app, std::span<const std::string> words)
        : app_(app), words_(words) {}

    OptionWords split() {
        while (found_.count < words_.size()) {
            const std::string& word = words_[found_.count];
            if (word.size() < 2 || word[0] != '-') {
                break;
            }
            ++found_.count;
            if (word == "--") {
                break;
            }
            if (word[1] == '-') {
                take_long(word);
            } else {
                take_bundle(word);
            }
        }
        return std::move(found_);
    }

private:
    const CLI::Option& find(const std::string& name) const {
        if (const auto* option = app_.get_option_no_throw(name)) {
            return *option;
        }
        if (const auto reason = why_not_offered(name); !reason.empty()) {
            throw UsageError(name + ": " + std::string(reason));
        }
        throw UsageError("unknown option " + in_quotes(name));
    }

    static bool takes_value(const CLI::Option& option) {
        return option.get_items_expected_max() > 0;
    }

    void take_long(const std::string& word) {
        if (word == "--help=all") {
            found_.tokens.emplace_back("--help-all");
            return;
        }
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const CLI::Option& option = find(name);
        if (!takes_value(option)) {
            if (equals != std::string::npos) {
                throw UsageError(name + " takes no value");
            }
            add_flag(name, option);
        } else if (equals != std::string::npos) {
            add_value(name, word.substr(equals + 1));
        } else {
            add_value(name, next_word(name));
        }
    }

    void take_bundle(const std::string& word) {
        for (std::size_t at = 1; at < word.size(); ++at) {
            const std::string name{'-', word[at]};
            const CLI::Option& option = find(name);
            if (!takes_value(option)) {
                add_flag(name, option);
                continue;
            }
            add_value(name, at + 1 < word.size() ? word.substr(at + 1) : next_word(name));
            return;
        }
    }

    std::string next_word(const std::string& name) {
        if (found_.count == words_.size()) {
            throw UsageError(name + " needs a value");
        }
        return words_[found_.count++];
    }

    void add_flag(const std::string& name, const CLI::Option& option) {
        for (const Shorthand& shorthand : kShorthands) {
            if (option.check_lname(std::string(shorthand.flag))) {
                add_value(shorthand.option, shorthand.value);
                return;
            }
        }
        found_.tokens.push_back(name);
    }

    void add_value(const std::string& name, std::string text) {
        found_.tokens.push_back(name);
        found_.tokens.push_back(std::move(text));
    }

    const CLI::App& app_;
    std::span<const std::string> words_;
    OptionWords found_;
};

}  // namespace

OptionParser::OptionParser(Options& options)
    : implementation_(std::make_unique<Implementation>(options)) {}

OptionParser::~OptionParser() = default;

OptionWords OptionParser::split(std::span<const std::string> words) const {
    return OptionSplitter(implementation_->app, words).split();
}

void OptionParser::parse(std::vector<std::string> tokens) {
    std::reverse(tokens.begin(), tokens.end());  // CLI11 takes its arguments from the back
    try {
        implementation_->app.parse(std::move(tokens));
    } catch (const CLI::ParseError& error) {
        throw UsageError(error.what());
    }
}

const Separators& OptionParser::separators() const noexcept {
    return implementation_->separators;
}

bool OptionParser::wants_directives() const noexcept {
    return implementation_->directives;
}

std::string OptionParser::help() const {
    return implementation_->app.help("aiomisc-run");
}

}  // namespace aiomisc::cli
