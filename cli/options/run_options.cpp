// SPDX-License-Identifier: MIT

// The options that say how jobs run, and what is printed about them.

#include <aiomisc/cli/options/option_entry.h>
#include <aiomisc/cli/options/option_values.h>

#include <algorithm>

namespace aiomisc::cli {
namespace {

using State = OptionState;
using Text = std::string;

constexpr Choice<ProgressMode> kProgressModes[] = {
    {"auto", ProgressMode::kAuto},
    {"bar", ProgressMode::kBar},
    {"plain", ProgressMode::kPlain},
    {"json", ProgressMode::kJson},
    {"none", ProgressMode::kNone}};

constexpr Choice<SummaryMode> kSummaryModes[] = {
    {"auto", SummaryMode::kAuto}, {"always", SummaryMode::kAlways}, {"never", SummaryMode::kNever}};

constexpr Choice<ColorMode> kColorModes[] = {
    {"auto", ColorMode::kAuto}, {"always", ColorMode::kAlways}, {"never", ColorMode::kNever}};

void tag_with_items(State& state, const Text&) {
    if (!state.options.output.tag) {
        state.options.output.tag = "{}";
    }
}

void set_job_log(State& state, const Text& text) {
    ReportOptions& report = state.options.report;
    report.append_to_log = text.starts_with('+');
    report.job_log = expect_text(text.substr(report.append_to_log ? 1 : 0), "a file");
}

void set_results(State& state, const Text& text) {
    for (const char* const stdout_of_gnu : {"-.csv", "-.tsv", "-.json", "-.jsonl"}) {
        if (text == stdout_of_gnu) {
            throw UsageError("expected a file: stdout has the output of the jobs");
        }
    }
    state.options.output.results = expect_text(text, "a folder, a template or a file");
}

constexpr Choice<ResumeKey> kResumeKeys[] = {{"seq", ResumeKey::kSeq}, {"args", ResumeKey::kItems}};

// Each includes what those before it run again, so the strongest holds, wherever it stands.
template <ResumeMode kMode>
void resume(State& state, const Text&) {
    state.options.resume.mode = std::max(state.options.resume.mode, kMode);
}

template <Options::Action kAction>
void set_action(State& state, const Text&) {
    state.options.action = kAction;
}

constexpr OptionEntry kRunning[] = {
    {"-j,-P,--jobs,--max-procs",
     "N|FILE",
     "Jobs at a time: N, CPUs +N or -N, N% of them; 0: as many as possible; FILE: what it says "
     "whenever a job ends [100%]",
     [](State& state, const Text& text) { state.options.run.slots = parse_job_slots(text); }},
    {"--timeout",
     "D|N%",
     "Kill an attempt after D, or after N% of the median runtime",
     [](State& state, const Text& text) { state.options.run.time_limit = parse_time_limit(text); }},
    {"--retries,--attempts",
     "N",
     "Attempts in all for a job that fails; 0: without limit [1]",
     [](State& state, const Text& text) {
         state.options.run.retry.attempts = parse_number(text, 0U);
     }},
    {"--retry-delay",
     "D[:MAX[:FACTOR]]",
     "Pause before another attempt, growing up to MAX, with 20% jitter",
     [](State& state, const Text& text) { parse_retry_delay(text, state.options.run.retry); }},
    {"--retry-on",
     "CAUSE,...",
     "Further attempts after these causes alone [exit,timeout,signal,memory]",
     [](State& state, const Text& text) {
         state.options.run.retry.causes = parse_retry_causes(text);
     }},
    {"--halt,--halt-on-error",
     "RULE",
     "never, or now|soon,fail|success|done=N or N%",
     [](State& state, const Text& text) { state.options.run.halt = parse_halt_rule(text); }},
    {"--term-seq,--termseq",
     "S",
     "How a job is killed [TERM,200,TERM,100,TERM,50,KILL,25]",
     [](State& state, const Text& text) {
         state.options.run.kill_ladder = parse_kill_ladder(text);
     }},
    {"--worker-tasks",
     "N",
     "Replace a worker process after N jobs (modules)",
     [](State& state, const Text& text) {
         state.options.run.worker_tasks = parse_number<std::uint64_t>(text, 0);
     }},
    {"--worker-rss",
     "SIZE",
     "Replace a worker process that has grown above SIZE (modules)",
     [](State& state, const Text& text) {
         state.options.run.worker_rss = expect(parse_size(text), "a size like 512M");
     }},
    {"--dry-run,--dryrun",
     nullptr,
     "Print the commands and run nothing; exit with how many could not be started",
     [](State& state, const Text&) { state.options.run.dry_run = true; }},
};

constexpr OptionEntry kOutput[] = {
    {"-k,--keep-order",
     nullptr,
     "Print in the order of the input",
     [](State& state, const Text&) { state.options.output.keep_order = true; }},
    {"--group",
     nullptr,
     "Print a job's output when it ends (the default)",
     [](State& state, const Text&) { state.options.output.mode = OutputMode::kGroup; }},
    {"--line-buffer,--lb,--linebuffer",
     nullptr,
     "Print whole lines as they come",
     [](State& state, const Text&) { state.options.output.mode = OutputMode::kLineBuffer; }},
    {"-u,--ungroup",
     nullptr,
     "Print straight through, mixed",
     [](State& state, const Text&) { state.options.output.mode = OutputMode::kUngrouped; }},
    {"--tag", nullptr, "Begin each line with the items and a tab", &tag_with_items},
    {"--tagstring",
     "S",
     "Begin each line with S, which may hold placeholders, and a tab",
     [](State& state, const Text& text) { state.options.output.tag = text; }},
    {"--results,--res",
     "DIR|TPL|FILE",
     "Keep output: DIR/1/ITEM/stdout, files named by a template, or FILE.csv, .tsv, .jsonl",
     &set_results},
    {"--files",
     nullptr,
     "Print the names of files with the output, which are kept, instead of it",
     [](State& state, const Text&) { state.options.output.print_file_names = true; }},
    {"--tmpdir",
     "DIR",
     "Where long output waits [$TMPDIR or /tmp]",
     [](State& state, const Text& text) {
         state.options.output.spill_directory = expect_text(text, "a folder");
     }},
    {"--spill",
     "SIZE",
     "Output of a job that is kept in memory before it goes to a file [1M]",
     [](State& state, const Text& text) {
         state.options.output.spill_bytes = expect(parse_size(text), "a size like 512K");
     }},
};

constexpr OptionEntry kReporting[] = {
    {"--progress",
     "auto|bar|plain|json|none",
     "How progress is shown on stderr [auto: a bar on a terminal]",
     [](State& state, const Text& text) {
         state.options.report.progress = parse_choice(text, kProgressModes);
     }},
    {"--bar,--eta",
     nullptr,
     "A progress bar; the same as --progress bar",
     [](State& state, const Text&) { state.options.report.progress = ProgressMode::kBar; }},
    {"--color",
     "auto|always|never",
     "Colors of the bar [auto: on a terminal, unless NO_COLOR is set]",
     [](State& state, const Text& text) {
         state.options.report.color = parse_choice(text, kColorModes);
     }},
    {"--summary",
     "auto|always|never",
     "The last lines on stderr [auto: when something failed]",
     [](State& state, const Text& text) {
         state.options.report.summary = parse_choice(text, kSummaryModes);
     }},
    {"-s,--silent",
     nullptr,
     "No summary",
     [](State& state, const Text&) { state.options.report.summary = SummaryMode::kNever; }},
    {"--joblog,--jl",
     "FILE|+FILE",
     "A line for each finished job; FILE.jsonl: a JSON record for each attempt; +: append",
     &set_job_log},
    {"--resume",
     nullptr,
     "Run only jobs that have no record in the job log, and go on with it",
     &resume<ResumeMode::kResume>},
    {"--resume-failed",
     nullptr,
     "Like --resume, and run again what failed",
     &resume<ResumeMode::kFailed>},
    {"--retry-failed",
     nullptr,
     "Run again what failed, with the commands of the job log; no input is read",
     &resume<ResumeMode::kRetryFailed>},
    {"--resume-by",
     "seq|args",
     "Find jobs in the log by their number, or by their items [args in FILE.jsonl, else seq]",
     [](State& state, const Text& text) {
         state.options.resume.key = parse_choice(text, kResumeKeys);
     }},
    {"--total",
     "N",
     "Number of jobs, for the bar, when the input comes slowly",
     [](State& state, const Text& text) {
         state.options.report.total = parse_number<std::uint64_t>(text, 0);
     }},
    {"-t",
     nullptr,
     "Print each command to stderr when it starts",
     [](State& state, const Text&) { state.options.report.print_to_stderr = true; }},
    {"-v",
     nullptr,
     "Print each command to stdout before its output",
     [](State& state, const Text&) { state.options.report.print_to_stdout = true; }},
};

constexpr OptionEntry kGeneral[] = {
    {"--describe",
     nullptr,
     "Print the parameters of a job module or source",
     &set_action<Options::Action::kDescribe>},
    {"--version", nullptr, "Print the version", &set_action<Options::Action::kVersion>},
    {"-h,--help",
     "[=all|man|bash|zsh]",
     "Print a short help; all of it; the manual page; completions for a shell",
     &set_action<Options::Action::kHelp>},
    // What `--help=…` is handed on as.
    {"--help-all", nullptr, "", &set_action<Options::Action::kHelpAll>},
    {"--help-man", nullptr, "", &set_action<Options::Action::kManPage>},
    {"--help-bash", nullptr, "", &set_action<Options::Action::kBashCompletion>},
    {"--help-zsh", nullptr, "", &set_action<Options::Action::kZshCompletion>},
};

}  // namespace

OptionGroup running_option_group() {
    return {"Running", kRunning};
}

OptionGroup output_option_group() {
    return {"Output", kOutput};
}

OptionGroup reporting_option_group() {
    return {"Reporting", kReporting};
}

OptionGroup general_option_group() {
    return {"General", kGeneral};
}

}  // namespace aiomisc::cli
