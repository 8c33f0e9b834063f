// SPDX-License-Identifier: MIT

// The options that say when jobs may start, what they may use, and what they find around them.

#include <aiomisc/cli/options/option_entry.h>
#include <aiomisc/cli/options/option_values.h>

namespace aiomisc::cli {
namespace {

using State = OptionState;
using Text = std::string;

constexpr OptionEntry kLimits[] = {
    {"--delay",
     "D",
     "Pause between two starts",
     [](State& state, const Text& text) {
         state.options.run.start.gap = expect(parse_duration(text), "a duration like 0.5 or 2m");
     }},
    {"--load",
     "N|N%",
     "Start jobs only while fewer than N processes run on the machine; N%: of the CPUs",
     [](State& state, const Text& text) { state.options.run.start.load = parse_load_limit(text); }},
    {"--memfree",
     "SIZE",
     "Start jobs only while SIZE of memory is available",
     [](State& state, const Text& text) {
         state.options.run.start.memory_free = expect(parse_size(text), "a size like 2G");
     }},
    {"--mem-limit",
     "SIZE|as:SIZE",
     "Kill a job whose processes hold more than SIZE together; as: limit their address space",
     [](State& state, const Text& text) {
         parse_memory_limit(text, state.options.run.memory_limit);
     }},
    {"--nice",
     "N",
     "Add N to the niceness of the jobs",
     [](State& state, const Text& text) { state.options.run.nice = parse_niceness(text); }},
    {"--wd,--workdir",
     "DIR",
     "Run each job in DIR, which may hold placeholders",
     [](State& state, const Text& text) {
         state.options.run.working_directory = expect_text(text, "a folder");
     }},
    {"--env-clean",
     "[=NAME,...]",
     "Jobs inherit nothing but PATH, HOME, LANG, TMPDIR and the variables named",
     [](State& state, const Text& text) {
         state.options.run.environment = parse_environment_rule(text);
     }},
    {"--tmpl",
     "FILE=DST",
     "Before a job, fill the placeholders in FILE and write it as DST. May be repeated",
     [](State& state, const Text& text) {
         state.options.run.file_templates.push_back(read_file_template(text));
     }},
    {"--cleanup",
     nullptr,
     "Remove the files of --tmpl when their job has ended",
     [](State& state, const Text&) { state.options.run.remove_files = true; }},
    {"--contain",
     "HOW",
     "How all processes of a job are found: auto or pgrp, which today are the same",
     [](State&, const Text& text) { check_containment(text); }},
};

}  // namespace

OptionGroup limit_option_group() {
    return {"Limits", kLimits};
}

}  // namespace aiomisc::cli
