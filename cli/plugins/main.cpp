// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

// aiomisc-plugins: which plugins this system's aiomisc loads. A command of its own, and no part of
// aiomisc-run: it loads them, and calls their setups.

namespace {

namespace log = aiomisc::log;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr const char* kLogger = "aiomisc.plugins";

constexpr const char* kExamples = R"(
Examples:
  aiomisc-plugins                               names on stdout, what they are for on stderr
  aiomisc-plugins -q                            only the names, for scripts
  aiomisc-plugins -n                            only the log
  aiomisc-plugins -l debug -F stream            another log
  AIOMISC_PLUGIN_PATH=$PWD aiomisc-plugins      whether a plugin just built can be loaded
  AIOMISC_NO_PLUGINS=1 aiomisc-plugins          none

Exit status: 0, also when a file could not be loaded, which the log says; 1 when the setup of a plugin
failed; 2 when the options make no sense.
)";

struct Options {
    bool quiet = false;
    bool no_output = false;
    std::optional<log::Level> level;
    std::optional<log::Format> format;
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

void describe_options(CLI::App& app, Options& options) {
    app.get_formatter()->column_width(36);
    app.set_help_flag("-h,--help", "Print this text");
    app.add_flag("-q,-s,--quiet,--silent", options.quiet, "Log nothing but what is critical");
    app.add_flag("-n,--no-output", options.no_output, "Print no names");
    app.add_option(
           "-l,--log-level",
           parsed_by(&log::parse_level, options.level),
           fmt::format("{} (default: info)", fmt::join(log::level_names(), ", ")))
        ->type_name("LEVEL");
    app.add_option(
           "-F,--log-format",
           parsed_by(&log::parse_format, options.format),
           fmt::format("{} (default: what suits stderr)", fmt::join(log::format_names(), ", ")))
        ->type_name("FORMAT");
    app.footer(kExamples);
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
    } catch (const CLI::CallForHelp&) {
        std::fputs(app.help().c_str(), stdout);
        return 0;
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "aiomisc-plugins: {}\nTry 'aiomisc-plugins --help'.\n", error.what());
        return kUsage;
    }
    try {
        show(options);
    } catch (...) {
        fmt::print(
            stderr, "aiomisc-plugins: {}\n", aiomisc::describe_exception(std::current_exception()));
        return kFailed;
    }
    return 0;
}
