// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/completion.h>
#include <aiomisc/cli/reference/man_page.h>
#include <aiomisc/cli/reference/plain_text.h>
#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

// aiomisc-plugins: which plugins this system's aiomisc loads. A command of its own, and no part of
// aiomisc-run: it loads them, and calls their setups.

namespace {

namespace cli = aiomisc::cli;
namespace log = aiomisc::log;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr std::size_t kHelpWidth = 80;
constexpr const char* kLogger = "aiomisc.plugins";

struct Options {
    bool quiet = false;
    bool no_output = false;
    std::optional<log::Level> level;
    std::optional<log::Format> format;
    std::string help;  ///< what of it is wanted; empty: nothing
};

/// Has CLI11 refuse a word that `parse` refuses, with its reason, which lists the words there are.
template <typename Value>
CLI::callback_t parsed_by(Value (*parse)(std::string_view), std::optional<Value>& value) {
    return [parse, &value](const CLI::results_t& words) {
        try {
            value = parse(words.front());
        } catch (const std::invalid_argument& error) {
            throw CLI::ValidationError(error.what());
        }
        return true;
    };
}

std::string refuse_unknown_help(std::string& kind) {
    const bool known = kind == "text" || kind == "man" || kind == "bash" || kind == "zsh";
    return known ? std::string() : "there are 'man', 'bash' and 'zsh'";
}

void describe_options(CLI::App& app, Options& options) {
    app.set_help_flag();  // ours has a value
    app.add_flag(
           "-h{text},--help{text}",
           options.help,
           "Print this text; the manual page; completions for a shell")
        ->type_name("[=man|bash|zsh]")
        ->check(CLI::Validator(&refuse_unknown_help, ""));
    app.add_flag("-q,-s,--quiet,--silent", options.quiet, "Log nothing but what is critical");
    app.add_flag("-n,--no-output", options.no_output, "Print no names");
    app.add_option(
           "-l,--log-level",
           parsed_by(&log::parse_level, options.level),
           "Log what is at least as urgent [info]")
        ->type_name(fmt::format("{}", fmt::join(log::level_names(), "|")));
    app.add_option(
           "-F,--log-format",
           parsed_by(&log::parse_format, options.format),
           "Format of the log [what suits stderr]")
        ->type_name(fmt::format("{}", fmt::join(log::format_names(), "|")));
}

std::vector<cli::DocumentedOption> documented_options(const CLI::App& app) {
    std::vector<cli::DocumentedOption> options;
    for (const CLI::Option* option : app.get_options()) {
        cli::DocumentedOption& documented = options.emplace_back();
        for (const std::string& name : option->get_snames()) {
            documented.names.push_back('-' + name);
        }
        for (const std::string& name : option->get_lnames()) {
            documented.names.push_back("--" + name);
        }
        documented.value = option->get_type_name();
        documented.meaning = option->get_description();
    }
    return options;
}

cli::CommandReference reference_of(const CLI::App& app) {
    return {
        .name = app.get_name(),
        .version = AIOMISC_PLUGINS_VERSION,
        .summary = "show the plugins that programs with aiomisc load",
        .synopsis = {"[OPTIONS]"},
        .description =
            {"Loads the plugins of this system as a program would, and calls their setups; prints "
             "their names to stdout and logs to stderr what they are for, and why a file was not "
             "loaded."},
        .options = {{.title = "Options", .options = documented_options(app)}},
        .topics =
            {{.title = "Environment",
              .text = {},
              .entries =
                  {{"AIOMISC_PLUGIN_PATH", "folders with more plugins, separated by colons"},
                   {"AIOMISC_NO_PLUGINS", "with anything in it none are loaded"}}},
             {.title = "Exit status",
              .text = {},
              .entries =
                  {{"0", "also when a file could not be loaded, which the log says"},
                   {"1", "the setup of a plugin failed"},
                   {"2", "the options make no sense"}}},
             {.title = "Examples",
              .text = {},
              .entries =
                  {{"aiomisc-plugins -q", "only the names, for scripts"},
                   {"aiomisc-plugins -n -l debug", "only the log, all of it"},
                   {"AIOMISC_PLUGIN_PATH=$PWD aiomisc-plugins",
                    "whether a plugin just built can be loaded"}}}},
        .see_also = {"aiomisc-run(1)"}};
}

void print_help(const CLI::App& app, const std::string& kind) {
    const cli::CommandReference reference = reference_of(app);
    const std::string text = kind == "man"    ? man_page(reference)
                             : kind == "bash" ? bash_completion(reference)
                             : kind == "zsh"  ? zsh_completion(reference)
                                              : plain_text(reference, kHelpWidth);
    std::fputs(text.c_str(), stdout);
}

void show(const Options& options) {
    log::Config config;
    config.level = options.quiet ? log::Level::kCritical : options.level;
    config.log_format = options.format;
    config.stream = STDERR_FILENO;  // json too: stdout is for the names
    log::basic_config(config);
    const aiomisc::Plugins& plugins = aiomisc::load_plugins();
    log::info(kLogger, "Available {} plugins.", plugins.size());
    for (const auto& [name, plugin] : plugins) {
        log::info(kLogger, "'{}' - {}", name, plugin.doc);
    }
    if (!options.no_output) {
        for (const auto& [name, plugin] : plugins) {
            std::puts(name.c_str());
        }
    }
    if (std::fflush(stdout) != 0) {
        throw aiomisc::SystemError::from_errno("write", "the names");
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Shows the plugins that programs with aiomisc load.", "aiomisc-plugins");
    Options options;
    describe_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "aiomisc-plugins: {}\nTry 'aiomisc-plugins --help'.\n", error.what());
        return kUsage;
    }
    try {
        if (!options.help.empty()) {
            print_help(app, options.help);
            return 0;
        }
        show(options);
    } catch (...) {
        fmt::print(
            stderr, "aiomisc-plugins: {}\n", aiomisc::describe_exception(std::current_exception()));
        return kFailed;
    }
    return 0;
}
