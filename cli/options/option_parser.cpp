// SPDX-License-Identifier: MIT

// The only file that knows CLI11, which matches options and calls what they do. Where options end,
// and that a value may be empty or look like an option, is decided before, by split_options().

#include <aiomisc/cli/options/option_parser.h>

#include <aiomisc/cli/options/option_entry.h>
#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

namespace aiomisc::cli {
namespace {

void apply(
    const OptionEntry& entry,
    OptionState& state,
    const std::string& name,
    const std::string& value) {
    try {
        entry.apply(state, value);
    } catch (const UsageError& error) {
        throw UsageError(name + " '" + value + "': " + error.what());
    }
}

}  // namespace

struct OptionParser::Implementation {
    explicit Implementation(Options& options) : state{.options = options} {
        app.set_help_flag();  // ours has a value
        for (const OptionGroup& group : option_groups()) {
            for (const OptionEntry& entry : group.entries) {
                add(entry)->trigger_on_parse();
            }
        }
    }

    CLI::Option* add(const OptionEntry& entry) {
        if (entry.type == nullptr) {
            const auto set = [this, &entry] { entry.apply(state, {}); };
            return app.add_flag_callback(entry.names, set);
        }
        CLI::Option* const option = app.add_option(entry.names, CLI::callback_t());
        option->type_name(entry.type);
        option->each([this, &entry, option](const std::string& value) {
            apply(entry, state, option->get_name(), value);
        });
        return option;
    }

    OptionState state;
    CLI::App app;
};

OptionParser::OptionParser(Options& options)
    : implementation_(std::make_unique<Implementation>(options)) {}

OptionParser::~OptionParser() = default;

OptionWords OptionParser::split(std::span<const std::string> words) const {
    const CLI::App& app = implementation_->app;
    return split_options(words, [&app](const std::string& name) -> std::optional<ValueUse> {
        const CLI::Option* const option = app.get_option_no_throw(name);
        if (option == nullptr) {
            return std::nullopt;
        }
        if (option->get_items_expected_max() == 0) {
            return ValueUse::kNone;
        }
        return option->get_type_name().starts_with("[=") ? ValueUse::kOptional
                                                         : ValueUse::kRequired;
    });
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
    return implementation_->state.separators;
}

bool OptionParser::wants_directives() const noexcept {
    return implementation_->state.directives;
}

}  // namespace aiomisc::cli
