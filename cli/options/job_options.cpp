// SPDX-License-Identifier: MIT

// The options that say what the jobs are: their input and their command.

#include <aiomisc/cli/options/option_entry.h>
#include <aiomisc/cli/options/option_values.h>
#include <aiomisc/cli/options/words.h>

#include <algorithm>
#include <iterator>
#include <random>

namespace aiomisc::cli {
namespace {

using State = OptionState;
using Text = std::string;

constexpr Choice<Trim> kTrims[] = {
    {"n", Trim::kNone},
    {"l", Trim::kLeft},
    {"r", Trim::kRight},
    {"lr", Trim::kBoth},
    {"rl", Trim::kBoth}};

constexpr Choice<Mode> kModes[] = {
    {"auto", Mode::kAuto},
    {"module", Mode::kModule},
    {"source", Mode::kSource},
    {"exec", Mode::kExec},
    {"shell", Mode::kShell}};

void add_file(State& state, const Text& path) {
    state.options.sources.push_back({.kind = SourceSpec::Kind::kFile, .path = path});
}

void set_header(State& state, const Text& text) {
    if (text != ":") {
        throw UsageError("expected ':', for the first line");
    }
    state.options.input.columns.header = true;
}

void shuffle(State& state, const Text& text) {
    // The random_device gives half of it at a time; that is enough to type again.
    state.options.input.seed_drawn = text.empty();
    state.options.input.shuffle_seed =
        text.empty() ? std::random_device{}() : parse_number<std::uint64_t>(text, 0);
}

void set_shell(State& state, const Text& path) {
    state.options.command.shell = path;
    state.options.command.shell_given = true;
}

void add_cxx_flags(State& state, const Text& text) {
    auto flags = split_words(text);
    std::move(flags.begin(), flags.end(), std::back_inserter(state.options.command.cxx_flags));
}

constexpr OptionEntry kInput[] = {
    {"-a,--arg-file",
     "FILE",
     "Items from FILE, one a line; - is stdin. May be repeated",
     &add_file},
    {"-d,--delimiter",
     "C",
     "Items end with C instead of a newline: a character, \\n, \\t, \\0, \\xHH",
     [](State& state, const Text& text) { state.options.input.delimiter = parse_delimiter(text); }},
    {"-0,--null",
     nullptr,
     "Items end with a zero byte",
     [](State& state, const Text&) { state.options.input.delimiter = '\0'; }},
    {"-r,--no-run-if-empty",
     nullptr,
     "No job for empty or blank items",
     [](State& state, const Text&) { state.options.input.drop_blank = true; }},
    {"-E,--eof",
     "STR",
     "A source ends at the item STR",
     [](State& state, const Text& text) { state.options.input.end_item = text; }},
    {"--trim",
     "n|l|r|lr",
     "Cut blanks off the left or right of items",
     [](State& state, const Text& text) { state.options.input.trim = parse_choice(text, kTrims); }},
    {"-C,--colsep",
     "RE",
     "Cut items into columns at RE; they are {1}, {2} and so on, without blanks around them",
     [](State& state, const Text& text) {
         state.options.input.columns.separator = expect_text(text, "a separator");
     }},
    {"--csv",
     nullptr,
     "Items are CSV, quotes as in RFC 4180; --colsep C for another separator than a comma",
     [](State& state, const Text&) { state.options.input.columns.csv = true; }},
    {"--header",
     ":",
     "The first line of each source names its columns, for {NAME}; they are cut at tabs by default",
     &set_header},
    {"--shuf",
     "[=SEED]",
     "Random order; needs all items in memory. --shuf=SEED repeats the order of an earlier run",
     &shuffle},
    {"--link,--xapply",
     nullptr,
     "Join the sources row by row instead of making every combination",
     [](State& state, const Text&) { state.options.input.link = true; }},
    {"-n,--max-args",
     "N",
     "N items a job",
     [](State& state, const Text& text) {
         state.options.input.items_per_job = parse_number(text, 1U);
     }},
    {"-N,--max-replace-args",
     "N",
     "N items a job, as {1} to {N}; 0: one item a job, left out of the command",
     [](State& state, const Text& text) {
         state.options.input.items_per_job = parse_number(text, 0U);
     }},
    {"-X",
     nullptr,
     "As many items a job as fit; a word with {} in it is repeated for each of them",
     [](State& state, const Text&) {
         state.options.input.fill = true;
         state.options.command.repeat_words = true;
     }},
    {"--arg-sep",
     "S",
     "S instead of :::",
     [](State& state, const Text& text) {
         state.separators.items = expect_text(text, "a separator");
     }},
    {"--arg-file-sep",
     "S",
     "S instead of ::::",
     [](State& state, const Text& text) {
         state.separators.files = expect_text(text, "a separator");
     }},
};

constexpr OptionEntry kCommand[] = {
    {"-I,--replace",
     "STR",
     "STR instead of {}",
     [](State& state, const Text& text) {
         state.options.command.placeholder = expect_text(text, "a placeholder");
     }},
    {"--plus",
     nullptr,
     "More placeholders: {..} {+/} {%.gz} {:2:3} {/a/b} {^^a} {##} {0#} and others",
     [](State& state, const Text&) { state.options.command.plus = true; }},
    {"--define",
     "{X}=s/RE/TO/",
     "{X}, and {2X}, stand for the item so changed, as by sed. May be repeated",
     [](State& state, const Text& text) {
         state.options.command.definitions.push_back(parse_definition(text));
     }},
    {"-q,--quote",
     nullptr,
     "Take the words of the command literally, no shell syntax",
     [](State& state, const Text&) { state.options.command.quote = true; }},
    {"--no-shell",
     nullptr,
     "Execute the words as they stand, never a shell",
     [](State& state, const Text&) { state.options.command.no_shell = true; }},
    {"--shell", "PATH", "Another POSIX shell than /bin/sh", &set_shell},
    {"--mode",
     "auto|module|source|exec|shell",
     "What TARGET is [auto]",
     [](State& state, const Text& text) {
         state.options.command.mode = parse_choice(text, kModes);
     }},
    {"--cxxflags",
     "FLAGS",
     "More flags for compiling a C++ source. May be repeated",
     &add_cxx_flags},
    {"--no-directives",
     nullptr,
     "Ignore the options in the leading comments of a job file",
     [](State& state, const Text&) { state.directives = false; }},
};

}  // namespace

OptionGroup input_option_group() {
    return {"Input", kInput};
}

OptionGroup command_option_group() {
    return {"Command", kCommand};
}

}  // namespace aiomisc::cli
