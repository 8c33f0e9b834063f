// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/source_spec.h>
#include <aiomisc/cli/job/job_files.h>
#include <aiomisc/cli/options/halt.h>
#include <aiomisc/cli/options/job_slots.h>
#include <aiomisc/cli/options/limits.h>
#include <aiomisc/cli/options/policies.h>
#include <aiomisc/cli/text/item_edit.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// What the words after the options are.
enum class Mode { kAuto, kModule, kSource, kExec, kShell };

/// The command template and the way to run it.
struct TemplateOptions {
    std::vector<std::string> words;  ///< TARGET and its words; empty: each item is a command line
    std::string placeholder = "{}";
    bool repeat_words = false;          ///< -X: a word with {} in it, once for each item
    bool plus = false;                  ///< --plus: more placeholders
    std::vector<ItemEdit> definitions;  ///< --define
    Mode mode = Mode::kAuto;
    bool quote = false;     ///< -q: template words are literal text
    bool no_shell = false;  ///< argv is executed as it stands
    std::string shell = "/bin/sh";
    bool shell_given = false;
    std::vector<std::string> cxx_flags;
};

/// How jobs are run.
struct RunOptions {
    JobSlots slots;
    TimeLimit time_limit;
    RetryPolicy retry;
    KillLadder kill_ladder = default_kill_ladder();
    HaltRule halt;
    StartRules start;
    MemoryLimit memory_limit;
    int nice = 0;                   ///< added to the niceness of a job
    std::string working_directory;  ///< template; empty: ours
    EnvironmentRule environment;
    std::vector<FileTemplate> file_templates;
    bool remove_files = false;       ///< those made of them, after the job
    std::uint64_t worker_tasks = 0;  ///< 0: a worker is never replaced for this
    std::uint64_t worker_rss = 0;    ///< bytes; 0: never
    bool dry_run = false;
};

enum class OutputMode {
    kGroup,       ///< a job's stdout, then its stderr, when it ends
    kLineBuffer,  ///< whole lines as they come
    kUngrouped,   ///< straight through
};

struct OutputOptions {
    OutputMode mode = OutputMode::kGroup;
    bool keep_order = false;
    std::optional<std::string> tag;  ///< template of the prefix of each line
    std::string spill_directory;     ///< empty: $TMPDIR or /tmp
    std::uint64_t spill_bytes = std::uint64_t{1} << 20;
    std::string results;            ///< DIR, template or table; empty: nothing is kept
    bool add_to_results = false;    ///< a table keeps the rows that it has
    bool print_file_names = false;  ///< --files: names of files instead of stdout of jobs
};

enum class ProgressMode { kAuto, kBar, kPlain, kJson, kNone };
enum class SummaryMode { kAuto, kAlways, kNever };
enum class ColorMode { kAuto, kAlways, kNever };

struct ReportOptions {
    ProgressMode progress = ProgressMode::kAuto;
    SummaryMode summary = SummaryMode::kAuto;
    ColorMode color = ColorMode::kAuto;
    bool print_to_stderr = false;  ///< -t
    bool print_to_stdout = false;  ///< -v
    std::string job_log;           ///< path; empty: none
    bool append_to_log = false;
    std::optional<std::uint64_t> total;  ///< number of jobs, where the input cannot tell
};

/// Which jobs run, by what the job log says of them.
enum class ResumeMode {
    kNone,         ///< all, and the log begins anew or is added to
    kResume,       ///< those it does not know
    kFailed,       ///< and those whose last record is a failure
    kRetryFailed,  ///< those whose last record is a failure, as the log has them
};

/// The option that asks for it; empty for kNone.
const char* option_of(ResumeMode mode) noexcept;

/// How a job is found in the log.
enum class ResumeKey { kSeq, kItems };

struct ResumeOptions {
    ResumeMode mode = ResumeMode::kNone;
    std::optional<ResumeKey> key;  ///< none: items where the log has them, else the number
};

/// The whole command line, understood.
struct Options {
    enum class Action {
        kRun,
        kDescribe,
        kHelp,
        kHelpAll,
        kManPage,
        kBashCompletion,
        kZshCompletion,
        kVersion
    };

    Action action = Action::kRun;
    std::vector<SourceSpec> sources;  ///< none: standard input
    InputOptions input;
    TemplateOptions command;
    RunOptions run;
    OutputOptions output;
    ReportOptions report;
    ResumeOptions resume;
    std::size_t option_words = 0;  ///< so many words of the command line are options
    bool options_dashed = false;   ///< the last of them is `--`
    bool has_directives = false;   ///< the job file gave some, too
    std::string environment;       ///< and AIOMISC_RUN_OPTS these
    /// Spellings of the options that the command line and the job file gave, without those of the
    /// environment, which are for every run.
    std::vector<std::string> given;
};

/// Something beside the command is made of the items of each job.
bool needs_items(const Options& options) noexcept;

/// Reads the options that a job file carries in its leading comments; see read_directives().
using DirectiveReader = std::vector<std::string> (*)(const std::string& target);

struct ParseContext {
    std::string_view environment_options;  ///< value of AIOMISC_RUN_OPTS
    DirectiveReader directives = nullptr;  ///< none: job files carry no options
};

/// Understands the words after the program's name.
///
/// Options end at the first word that is not one, or behind `--`. Those of the environment come
/// first, then those of the job file, then those of the command line: the last one said holds.
///
/// Errors:    UsageError.
Options parse_command_line(
    const std::vector<std::string>& arguments, const ParseContext& context = {});

}  // namespace aiomisc::cli
