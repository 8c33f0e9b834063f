// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/completion.h>
#include <aiomisc/cli/reference/completion_script.h>

#include <string_view>
#include <utility>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kBegin = R"sh(#compdef @NAME@
# zsh completion for @NAME@; printed by `@NAME@ --help=zsh`.
)sh";

constexpr std::string_view kJob = R"sh(
@FUNCTION@_target() {
    _alternative \
        'commands:command:_command_names -e' \
        'jobs:job:_files -g "*.(cpp|cc|cxx|so)"' \
        'files:program:_files'
}

# Parameters of a job, until the items begin; then names of files.
@FUNCTION@_words() {
    local -a names
    if (( ! ${words[(I)::*]} )); then
        case $target in
            *.(cpp|cc|cxx)) names=(${(f)"$(sed -n 's/.*\bparam("\([^"\\]*\)".*/\1=/p' $target 2>/dev/null)"}) ;;
            *.so) names=(${(f)"$($command --describe $target 2>/dev/null | sed -n 's/^  \([^ ]*\)  .*/\1=/p')"}) ;;
        esac
    fi
    if compset -P '*='; then
        _files
    elif (( $#names )); then
        compadd -S '' -- $names
    else
        _files
    fi
}
)sh";

constexpr std::string_view kFunction = R"sh(
@FUNCTION@() {
    local curcontext=$curcontext state target command=$words[1]
    local -a line options=(
@OPTIONS@    )
)sh";

constexpr std::string_view kCallJob =
    R"sh(    _arguments -s -S -A '-*' : $options '1:target:->target' '*::word:->words' && return
    target=${(Q)line[1]}
    case $state in
        target) @FUNCTION@_target ;;
        words) @FUNCTION@_words ;;
    esac
}
)sh";

constexpr std::string_view kCallPlain = R"sh(    _arguments -s -S : $options
}
)sh";

constexpr std::string_view kEnd = R"sh(
@FUNCTION@ "$@"
)sh";

/// What zsh would take for the end of the text, or of the explanation in it.
std::string zsh_explanation(const std::string& meaning) {
    std::string text;
    for (const char letter : meaning) {
        if (letter == '\'') {
            text += "'\\'";
        } else if (letter == '[' || letter == ']' || letter == '\\') {
            text += '\\';
        }
        text += letter;
    }
    return text;
}

/// `:what is wanted:how it is completed`.
std::string zsh_value(const DocumentedOption& option) {
    const std::vector<std::string> choices = value_choices(option);
    if (!choices.empty()) {
        return ":value:(" + joined(choices) + ")";
    }
    if (option.value.find("DIR") != std::string::npos) {
        return ":folder:_files -/";
    }
    const bool is_file = option.value.find("FILE") != std::string::npos ||
                         option.value.find("PATH") != std::string::npos;
    return is_file ? ":file:_files" : ":value: ";
}

}  // namespace

std::string zsh_completion(const CommandReference& reference) {
    std::string options;
    for_each_name(reference, [&](const std::string& name, const DocumentedOption& option) {
        options += "        '*" + name;
        if (has_separate_value(option)) {
            options += name.starts_with("--") ? '=' : '+';
        }
        options += '[' + zsh_explanation(option.meaning) + ']';
        if (has_separate_value(option)) {
            options += zsh_value(option);
        }
        options += "'\n";
    });
    const bool has_job = reference.operands == Operands::kJob;
    std::string pattern(kBegin);
    pattern += has_job ? kJob : std::string_view();
    pattern += kFunction;
    pattern += has_job ? kCallJob : kCallPlain;
    pattern += kEnd;
    return completion_script(std::move(pattern), reference, options);
}

}  // namespace aiomisc::cli
