// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/reference/command_reference.h>

#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// The pattern of a completion script, with `@NAME@` (aiomisc-run), `@FUNCTION@` (_aiomisc_run) and
/// `@OPTIONS@` filled in.
std::string completion_script(
    std::string pattern, const CommandReference& reference, std::string_view options);

/// Words with blanks between them.
std::string joined(const std::vector<std::string>& words);

/// `visit(name, option)` for every spelling of every option.
template <typename Visit>
void for_each_name(const CommandReference& reference, const Visit& visit) {
    for (const OptionSection& section : reference.options) {
        for (const DocumentedOption& option : section.options) {
            for (const std::string& name : option.names) {
                visit(name, option);
            }
        }
    }
}

}  // namespace aiomisc::cli
