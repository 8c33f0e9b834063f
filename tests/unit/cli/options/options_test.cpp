// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/options.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/options/directives.h>
#include <aiomisc/cli/options/help.h>
#include <aiomisc/cli/options/run_reference.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/options/words.h>

using namespace aiomisc::cli;
using aiomisc::test::contains;
using Words = std::vector<std::string>;

namespace {

Options parse(const Words& words, std::string_view environment = {}) {
    return parse_command_line(words, {.environment_options = environment});
}

std::string error_of(const Words& words, std::string_view environment = {}) {
    try {
        parse(words, environment);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("options end at the first word that is none", "[cli][options]") {
    const Options options = parse({"-k", "-j", "4", "echo", "-n", "--tag", "{}", ":::", "-j9"});
    REQUIRE(options.output.keep_order);
    REQUIRE(options.run.slots.number == 4);
    REQUIRE_FALSE(options.output.tag);
    REQUIRE(options.command.words == Words{"echo", "-n", "--tag", "{}"});
    REQUIRE(options.sources.size() == 1);
    REQUIRE(options.sources[0].items == Words{"-j9"});
    REQUIRE(parse({"-k", "--", "-strange"}).command.words == Words{"-strange"});
    REQUIRE(parse({"-", "x"}).command.words == Words{"-", "x"});
}

TEST_CASE("values stand attached or apart, and may look like anything", "[cli][options]") {
    REQUIRE(parse({"-kj4", "x"}).run.slots.number == 4);
    REQUIRE(parse({"-kj", "4", "x"}).run.slots.number == 4);
    REQUIRE(parse({"--jobs=-1", "x"}).run.slots.relation == JobSlots::Relation::kFewerThan);
    REQUIRE(parse({"--jobs", "-1", "x"}).run.slots.relation == JobSlots::Relation::kFewerThan);
    REQUIRE(parse({"-j-1", "x"}).run.slots.relation == JobSlots::Relation::kFewerThan);
    REQUIRE(parse({"-E", "--", "x"}).input.end_item == "--");
    REQUIRE(parse({"--eof=", "x"}).input.end_item == "");
    REQUIRE(parse({"--tagstring=", "x"}).output.tag == "");
    REQUIRE(parse({"-I", "[a,b]", "x"}).command.placeholder == "[a,b]");
    REQUIRE(parse({"-0k", "x"}).input.delimiter == '\0');
}

TEST_CASE("of an option said twice the last one holds", "[cli][options]") {
    REQUIRE(parse({"-j1", "--jobs", "2", "-P3", "x"}).run.slots.number == 3);
    REQUIRE(parse({"-0", "-d", ",", "x"}).input.delimiter == ',');
    REQUIRE(parse({"-d", ",", "-0", "x"}).input.delimiter == '\0');
    REQUIRE(parse({"--lb", "--group", "x"}).output.mode == OutputMode::kGroup);
    REQUIRE(parse({"--bar", "--progress", "none", "x"}).report.progress == ProgressMode::kNone);
    REQUIRE(parse({"-s", "--summary", "always", "x"}).report.summary == SummaryMode::kAlways);
    const Options files = parse({"-a", "one", "-a", "[two]", "x"});
    REQUIRE(files.sources.size() == 2);
    REQUIRE(files.sources[1].path == "[two]");
    REQUIRE(
        parse({"--cxxflags", "-O1 '-DX=a b'", "--cxxflags=-ljpeg", "x"}).command.cxx_flags ==
        Words{"-O1", "-DX=a b", "-ljpeg"});
}

TEST_CASE("the strongest way to resume holds and needs a log", "[cli][options]") {
    REQUIRE(parse({"--joblog", "l", "x"}).resume.mode == ResumeMode::kNone);
    REQUIRE(parse({"--resume", "--joblog", "l", "x"}).resume.mode == ResumeMode::kResume);
    REQUIRE(
        parse({"--resume-failed", "--resume", "--jl", "l", "x"}).resume.mode ==
        ResumeMode::kFailed);
    REQUIRE(
        parse({"--retry-failed", "--resume", "x"}, "--joblog l").resume.mode ==
        ResumeMode::kRetryFailed);
    REQUIRE_FALSE(parse({"--resume", "--joblog", "l", "x"}).resume.key);
    REQUIRE(
        parse({"--resume", "--resume-by=args", "--joblog", "l.jsonl", "x"}).resume.key ==
        ResumeKey::kItems);
    REQUIRE_THAT(error_of({"--resume", "x"}), contains("--resume needs --joblog FILE"));
    REQUIRE_THAT(error_of({"--resume-by", "seq", "x"}), contains("needs --resume"));
    REQUIRE_THAT(
        error_of({"--resume", "--resume-by", "args", "--joblog", "l", "x"}),
        contains("--joblog FILE.jsonl"));
    REQUIRE_THAT(error_of({"--resume-by", "name", "x"}), contains("seq, args"));
    REQUIRE(parse({"-k", "--joblog", "l", "--", "x", ":::", "a"}).option_words == 4);
}

TEST_CASE("options that need no words are known by their other spellings", "[cli][options]") {
    REQUIRE(parse({"--dryrun", "x"}).run.dry_run);
    REQUIRE(parse({"--attempts", "3", "x"}).run.retry.attempts == 3);
    REQUIRE(parse({"--max-procs=2", "x"}).run.slots.number == 2);
    REQUIRE(parse({"--linebuffer", "x"}).output.mode == OutputMode::kLineBuffer);
    REQUIRE(parse({"-u", "x"}).output.mode == OutputMode::kUngrouped);
    REQUIRE(parse({"--xapply", "x"}).input.link);
    REQUIRE(parse({"--halt-on-error", "2", "x"}).run.halt.when == HaltRule::When::kNow);
    REQUIRE(parse({"--termseq", "INT,5", "x"}).run.kill_ladder.size() == 2);
}

TEST_CASE("every option of the reporting and running groups arrives", "[cli][options]") {
    const Options options = parse(
        {"--timeout",
         "1.5",
         "--retries",
         "0",
         "--retry-delay",
         "1:9",
         "--delay",
         "0.3",
         "--worker-tasks",
         "50",
         "--worker-rss",
         "1M",
         "--joblog",
         "+l.jsonl",
         "--total",
         "7",
         "-tv",
         "--tag",
         "--tmpdir",
         "/t",
         "--spill",
         "2K",
         "-r",
         "-q",
         "--shell",
         "bash",
         "--mode",
         "shell",
         "-n3",
         "cmd"});
    REQUIRE(options.run.time_limit.fixed == Milliseconds(1500));
    REQUIRE(options.run.retry.attempts == 0);
    REQUIRE(options.run.retry.max_delay == Milliseconds(9000));
    REQUIRE(options.run.start.gap == Milliseconds(300));
    REQUIRE(options.run.worker_tasks == 50);
    REQUIRE(options.run.worker_rss == 1 << 20);
    REQUIRE(options.report.job_log == "l.jsonl");
    REQUIRE(options.report.append_to_log);
    REQUIRE(options.report.total == 7);
    REQUIRE(options.report.print_to_stderr);
    REQUIRE(options.report.print_to_stdout);
    REQUIRE(options.output.tag == "{}");
    REQUIRE(options.output.spill_directory == "/t");
    REQUIRE(options.output.spill_bytes == 2048);
    REQUIRE(options.input.drop_blank);
    REQUIRE(options.command.quote);
    REQUIRE(options.command.shell == "bash");
    REQUIRE(options.command.mode == Mode::kShell);
    REQUIRE(options.input.items_per_job == 3);
}

TEST_CASE("which options were given is known, those of the environment aside", "[cli][options]") {
    const Options options = parse({"-kj4", "--timeout=5", "--halt", "2", "x", "-q"}, "--tag -v");
    REQUIRE(options.given == Words{"-k", "-j", "--timeout", "--halt"});
}

TEST_CASE("a delimiter is a character or an escape", "[cli][options][L8]") {
    REQUIRE(parse({"-d", "_", "x"}).input.delimiter == '_');
    REQUIRE(parse({"-d", "\\t", "x"}).input.delimiter == '\t');
    REQUIRE(parse({"-d\\n", "x"}).input.delimiter == '\n');
    REQUIRE(parse({"-d", "\\x2C", "x"}).input.delimiter == ',');
    REQUIRE_THAT(error_of({"-d", "ab", "x"}), contains("one character"));
    REQUIRE_THAT(error_of({"-d", "\\x2", "x"}), contains("one character"));
    REQUIRE_THAT(error_of({"-d", "", "x"}), contains("one character"));
}

TEST_CASE("other separators replace the usual ones", "[cli][options][L16]") {
    const Options options = parse({"--arg-sep", ",,", "echo", ":::", ",,", "A", "B", ",,+", "C"});
    REQUIRE(options.command.words == Words{"echo", ":::"});
    REQUIRE(options.sources.size() == 2);
    REQUIRE(options.sources[1].linked);
    REQUIRE(
        parse({"--arg-file-sep", "@", "echo", "@", "f"}).sources[0].kind ==
        SourceSpec::Kind::kFile);
}

TEST_CASE("without TARGET the items are command lines", "[cli][options][L18]") {
    REQUIRE(parse({"-k", ":::", "echo a"}).command.words.empty());
    REQUIRE(parse({"{}", ":::", "echo a"}).command.words.empty());
    REQUIRE(parse({}).command.words.empty());
}

TEST_CASE("mistakes are named with the option and its value", "[cli][options][L49]") {
    REQUIRE_THAT(error_of({"--nosuchopt", "echo"}), contains("unknown option '--nosuchopt'"));
    REQUIRE_THAT(error_of({"-kY", "echo"}), contains("unknown option '-Y'"));
    REQUIRE_THAT(error_of({"-j", "many", "x"}), contains("--jobs 'many'"));
    REQUIRE_THAT(error_of({"--jobs"}), contains("--jobs needs a value"));
    REQUIRE_THAT(error_of({"-k=1", "x"}), contains("unknown option '-='"));
    REQUIRE_THAT(error_of({"--tag=x", "x"}), contains("--tag takes no value"));
    REQUIRE_THAT(error_of({"--progress", "loud", "x"}), contains("auto, bar, plain"));
    REQUIRE_THAT(error_of({"--keep", "x"}), contains("unknown option"));  // no prefixes
    REQUIRE_THAT(error_of({"-n0", "x"}), contains("at least 1"));
    REQUIRE_THAT(error_of({"--no-shell", "--shell", "bash", "x"}), contains("excludes"));
    REQUIRE_THAT(error_of({"--mode", "module", ":::", "x"}), contains("TARGET"));
    REQUIRE_THAT(error_of({"--describe"}), contains("--describe"));
    REQUIRE_THAT(error_of({"x", ":::+", "a"}), contains(":::+"));
    REQUIRE_THAT(error_of({"", "a"}), contains("empty"));
}

TEST_CASE("options of GNU parallel that are missing say so", "[cli][options]") {
    REQUIRE_THAT(error_of({"-S", "host", "x"}), contains("this machine only"));
    REQUIRE_THAT(error_of({"--pipe", "wc"}), contains("/dev/null"));
    REQUIRE_THAT(error_of({"--semaphore", "x"}), contains("flock"));
    REQUIRE_THAT(error_of({"--sqlmaster", "x", "y"}), contains("--joblog"));
    REQUIRE_THAT(error_of({"--tmux", "x"}), contains("--line-buffer"));
}

TEST_CASE("the environment gives defaults, the command line wins", "[cli][options]") {
    REQUIRE(parse({"x"}, "-j7 --tagstring 'a b'").run.slots.number == 7);
    REQUIRE(parse({"x"}, "-j7 --tagstring 'a b'").output.tag == "a b");
    REQUIRE(parse({"-j2", "x"}, "-j7").run.slots.number == 2);
    REQUIRE(parse({"-d", ",", "x"}, "-0").input.delimiter == ',');
    REQUIRE_THAT(error_of({"x"}, "-j7 echo"), contains("in AIOMISC_RUN_OPTS: 'echo'"));
    REQUIRE_THAT(error_of({"x"}, "--nosuch"), contains("in AIOMISC_RUN_OPTS: unknown"));
}

TEST_CASE("questions are answered instead of running anything", "[cli][options]") {
    REQUIRE(parse({"--help"}).action == Options::Action::kHelp);
    REQUIRE(parse({"-h"}).action == Options::Action::kHelp);
    REQUIRE(parse({"--help=all"}).action == Options::Action::kHelpAll);
    REQUIRE(parse({"--help=man"}).action == Options::Action::kManPage);
    REQUIRE(parse({"--help=bash"}).action == Options::Action::kBashCompletion);
    REQUIRE(parse({"--help=zsh"}).action == Options::Action::kZshCompletion);
    REQUIRE_THAT(error_of({"--help=fish"}), contains("'all', 'man', 'bash' and 'zsh', not 'fish'"));
    REQUIRE(parse({"--version"}).action == Options::Action::kVersion);
    REQUIRE(parse({"--describe", "x.so"}).action == Options::Action::kDescribe);
    REQUIRE(parse({"echo", "--help"}).action == Options::Action::kRun);
}

TEST_CASE("the short help fits a screen", "[cli][options]") {
    const std::string help = short_help();
    REQUIRE(std::count(help.begin(), help.end(), '\n') <= 40);
    std::size_t line = 0;
    for (std::size_t at = 0; at < help.size(); at = line + 1) {
        line = help.find('\n', at);
        REQUIRE(line - at <= 80);
    }
}

TEST_CASE("the examples of the manual are understood", "[cli][options]") {
    for (const Topic& topic : run_reference().topics) {
        if (topic.title != "Examples") {
            continue;
        }
        REQUIRE(topic.entries.size() > 5);
        for (const Entry& example : topic.entries) {
            INFO(example.term);
            // What another program is given, or the shell, stands before and behind.
            const std::size_t begin = example.term.find("aiomisc-run ");
            REQUIRE(begin != std::string::npos);
            Words words = split_words(example.term.substr(begin, example.term.find(" <") - begin));
            words.erase(words.begin());
            CHECK(error_of(words) == "no error");
        }
    }
}

TEST_CASE("a usage error shows hostile words escaped", "[cli][options][S18]") {
    const std::string text = usage_message(UsageError("unknown option '--\x1b[31m\n'"));
    REQUIRE_THAT(text, contains("\\x1b[31m\\n"));
    REQUIRE_THAT(text, contains("usage: aiomisc-run"));
    REQUIRE_THAT(text, contains("--help"));
}

TEST_CASE("a job file carries options in its leading comments", "[cli][options]") {
    REQUIRE(
        parse_directives(
            "//usr/bin/env aiomisc-run \"$0\" \"$@\"; exit\n\n// aiomisc: -j4 --cxxflags='-l "
            "jpeg'\r\n"
            "//   aiomisc: -k\nint x;\n// aiomisc: --tag\n",
            "//") == Words{"-j4", "--cxxflags=-l jpeg", "-k"});
    REQUIRE(parse_directives("#!/bin/sh\n# aiomisc: -k\necho\n", "#") == Words{"-k"});
    REQUIRE(parse_directives("", "//").empty());
    REQUIRE(parse_directives("int x; // aiomisc: -k\n", "//").empty());
}

TEST_CASE(
    "options of a job file stand between the environment and the command line", "[cli][options]") {
    const aiomisc::test::TempDir dir;
    const std::string source = dir.write("job.cpp", "// aiomisc: -j3 --tag\nint x;\n").string();
    const ParseContext context{.environment_options = "-j7 -k", .directives = &read_directives};
    const Options options = parse_command_line({source, ":::", "a"}, context);
    REQUIRE(options.run.slots.number == 3);
    REQUIRE(options.output.tag);
    REQUIRE(options.output.keep_order);
    REQUIRE(parse_command_line({"-j2", source}, context).run.slots.number == 2);
    REQUIRE(parse_command_line({"--no-directives", source}, context).run.slots.number == 7);
    const std::string wrong = dir.write("wrong.cpp", "// aiomisc: --nosuch\n").string();
    REQUIRE_THROWS_WITH(parse_command_line({wrong}, context), contains("wrong.cpp"));
    // With or without permission: its interpreter is run.
    const std::string script = dir.write("script", "#!/bin/sh\n# aiomisc: -j5\n").string();
    REQUIRE(parse_command_line({script}, context).run.slots.number == 5);
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    REQUIRE(parse_command_line({script}, context).run.slots.number == 5);
    // A binary or plain text is no job file.
    REQUIRE(parse_command_line({"/bin/sh"}, context).run.slots.number == 7);
    REQUIRE(
        parse_command_line({dir.write("notes", "# aiomisc: -j3\n").string()}, context)
            .run.slots.number == 7);
}
