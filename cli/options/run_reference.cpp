// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/run_reference.h>

#include "build_config.h"

#include <aiomisc/cli/options/option_entry.h>

#include <sstream>

namespace aiomisc::cli {
namespace {

std::vector<OptionSection> documented_options() {
    std::vector<OptionSection> sections;
    for (const OptionGroup& group : option_groups()) {
        OptionSection& section = sections.emplace_back();
        section.title = group.title;
        for (const OptionEntry& entry : group.entries) {
            if (entry.meaning[0] == '\0') {
                continue;
            }
            DocumentedOption& option = section.options.emplace_back();
            std::istringstream names(entry.names);
            for (std::string name; std::getline(names, name, ',');) {
                option.names.push_back(name);
            }
            option.value = entry.type == nullptr ? "" : entry.type;
            option.meaning = entry.meaning;
        }
    }
    return sections;
}

Topic placeholders() {
    return {
        .title = "Placeholders",
        .text =
            "A template without any gets the items at its end. Items are never part of the "
            "text of a shell: in any quotes, '$(reboot)' is only a name.",
        .entries = {
            {"{}", "the item, or the items of a job"},
            {"{.}", "without its last extension"},
            {"{/}", "what is behind the last slash"},
            {"{//}", "the folder, '.' if there is none"},
            {"{/.}", "the name without folder and extension"},
            {"{2}, {-1}, {2/.}", "of the second source, of the last one; a part of it"},
            {"{NAME}, {NAME/.}", "the column of that name, with --header; a part of it"},
            {"{#}", "number of the job, from 1"},
            {"{%}", "number of its slot, which no two running jobs share"}}};
}

Topic plus_placeholders() {
    return {
        .title = "Placeholders of --plus",
        .text = "RE is a regular expression, as of RE2. --define makes others.",
        .entries = {
            {"{..}, {...}, {/..}", "without its last two or three extensions; so for the name"},
            {"{+/}, {+.}, {+..}", "the folder, the last extension, the last two"},
            {"{:2}, {:2:3}", "behind 2 characters; 3 of them"},
            {"{:-TEXT}", "TEXT if the item is empty"},
            {"{#RE}, {##RE}", "without the shortest or longest beginning that matches"},
            {"{%RE}, {%%RE}", "without the shortest or longest end that matches"},
            {"{/RE/TEXT}, {//RE/TEXT}", "first match replaced; every match"},
            {"{^RE}, {^^RE}", "upper case for a match at the beginning; for every match"},
            {"{,RE}, {,,RE}", "lower case, likewise"},
            {"{##}", "number of jobs"},
            {"{0#}, {0%}", "number and slot with zeros before them"}}};
}

Topic values() {
    return {
        .title = "Values",
        .text = {},
        .entries = {
            {"D", "a duration: seconds, or 1.5m, 2h, 1d3h"},
            {"SIZE", "bytes; K, M, G and T are powers of 1024, k, m, g and t powers of 1000"},
            {"RULE",
             "of --halt: now kills what runs, soon lets it end; fail=1, success=3, "
             "done=10%"}}};
}

Topic exit_status() {
    return {
        .title = "Exit status",
        .text = {},
        .entries = {
            {"0", "every job succeeded, or --halt WHEN,success=N was met"},
            {"1-100", "so many jobs failed; with --halt WHEN,fail=N% the percentage"},
            {"101", "more than 100 failed"},
            {"of the job", "with --halt WHEN,fail=N; 128+n for signal n"},
            {"129", "SIGHUP came, and some jobs were not run"},
            {"130, 143", "as a shell sees it: SIGINT or SIGTERM stopped the run"},
            {"141", "as a shell sees it: the reader of stdout went away"},
            {"255", "usage, input, log or output failed, or a source does not compile"}}};
}

Topic environment() {
    return {
        .title = "Environment",
        .text = {},
        .entries = {
            {"AIOMISC_RUN_OPTS", "options for every run, before those of the command line"},
            {"TMPDIR", "where long output waits, in files without names"},
            {"CXX", "compiles C++ sources; else the compiler that built aiomisc-run"},
            {"XDG_CACHE_HOME",
             "what they were compiled to is in aiomisc-run there, else in "
             "~/.cache"},
            {"AIOMISC_SEQ", "in a job: its number"},
            {"AIOMISC_SLOT", "in a job: number of its slot"},
            {"AIOMISC_ATTEMPT", "in a job: which attempt this is, from 1"},
            {"AIOMISC_RUN_PID", "in a job: the process of aiomisc-run"},
            {"AIOMISC_RUN_ID", "in a job: the same in all jobs of a run, and in no other run"},
            {"PARALLEL_SEQ",
             "in a job, with PARALLEL_JOBSLOT and PARALLEL_PID: as above, for "
             "scripts written for GNU parallel"}}};
}

Topic signals() {
    return {
        .title = "Signals",
        .text = "Whatever ends aiomisc-run, kill -9 too, nothing of a job is left running.",
        .entries = {
            {"INT, TERM",
             "start nothing more, end what runs as --term-seq says, write log and "
             "summary; a second one kills at once"},
            {"HUP", "start nothing more, let what runs end"},
            {"USR1", "list the running jobs on stderr"},
            {"USR2", "show progress, or show it no longer"},
            {"TSTP", "stop all jobs too; CONT continues them"}}};
}

Topic examples() {
    return {
        .title = "Examples",
        .text = {},
        .entries = {
            {"aiomisc-run gzip -9 {} ::: *.log", "a command for each file"},
            {"find . -name '*.wav' -print0 | aiomisc-run -0 'lame --quiet {} {.}.mp3'",
             "a line of shell for each name that another program prints"},
            {"aiomisc-run thumbnail.cpp size=256 src={} dst=out/{/.}.jpg ::: *.jpg",
             "a C++ function, in worker processes that stay warm"},
            {"aiomisc-run -k echo {1} {2} ::: a b ::: 1 2",
             "every combination: a 1, a 2, b 1, b 2"},
            {"aiomisc-run --csv --header : -a people.csv echo {name} {city}", "a job for each row"},
            {"aiomisc-run -j2 < commands.txt", "commands from a file, two at a time"},
            {"aiomisc-run --joblog log.jsonl --resume-failed ./job {} :::: list",
             "each time: what is left, and what failed"},
            {"aiomisc-run --results logs ./job {} :::: list",
             "stdout and stderr of each job in files"},
            {"aiomisc-run --timeout 5m --retries 3 --retry-delay 1:60:2 curl -fsSO {} :::: urls",
             "time limit and further attempts, with pauses of 1, 2, 4 seconds"}}};
}

}  // namespace

CommandReference run_reference() {
    return {
        .name = "aiomisc-run",
        .version = AIOMISC_RUN_VERSION,
        .summary = "run a command or a C++ function once for each of many inputs",
        .synopsis =
            {"[OPTIONS] TARGET [WORD...] [SOURCE...]",
             "[OPTIONS] [SOURCE...]",
             "[OPTIONS] --retry-failed --joblog FILE",
             "--describe JOB.so|JOB.cpp"},
        .description =
            {"TARGET is a program, a line of shell, a job module (JOB.so) or a C++ source "
             "(JOB.cpp) that is compiled on first use; with the WORDs it is the template of all "
             "commands. Without TARGET each item is a command line for the shell.",
             "SOURCE is ::: ITEM... or :::: FILE...; without one, items are the lines of stdin. "
             "Several sources make every combination; one that begins with :::+ or ::::+ is "
             "paired with the source before it."},
        .options = documented_options(),
        .topics =
            {placeholders(),
             plus_placeholders(),
             values(),
             exit_status(),
             environment(),
             signals(),
             examples()},
        .see_also = {"xargs(1)", "parallel(1)", "find(1)"},
        .operands = Operands::kJob};
}

}  // namespace aiomisc::cli
