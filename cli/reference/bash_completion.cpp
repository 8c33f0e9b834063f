// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/completion.h>
#include <aiomisc/cli/reference/completion_script.h>

#include <string_view>
#include <utility>

namespace aiomisc::cli {
namespace {

// COMP_WORDS has `--mode=exec` as three words, unless the user's COMP_WORDBREAKS says otherwise.
constexpr std::string_view kBegin =
    R"sh(# bash completion for @NAME@; printed by `@NAME@ --help=bash`.
@FUNCTION@() {
    # values: what may follow an option that takes a value, words from a list, or anything.
@OPTIONS@    local current=${COMP_WORDS[COMP_CWORD]} option='' target='' ended='' word i letter
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${COMP_WORDS[i]}
        if [[ -n $option ]]; then
            [[ $word == '=' ]] || option=''
        elif [[ $word == -- ]]; then
            ended=yes
            ((++i < COMP_CWORD)) && target=${COMP_WORDS[i]}
            break
        elif [[ $word == --?* ]]; then
            [[ -z ${values[$word]} ]] || option=$word
        elif [[ $word == -?* ]]; then
            for ((letter = 1; letter < ${#word}; ++letter)); do
                if [[ -n ${values[-${word:letter:1}]} ]]; then
                    ((letter + 1 < ${#word})) || option=-${word:letter:1}
                    break
                fi
            done
        else
            target=$word
            break
        fi
    done
    if [[ -n $option ]]; then
        [[ $current != '=' ]] || current=''
        [[ ${values[$option]} == '*' ]] ||
            mapfile -t COMPREPLY < <(compgen -W "${values[$option]}" -- "$current")
        return
    fi
    if [[ -z $target && -z $ended && $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
)sh";

constexpr std::string_view kJob = R"sh(    if [[ -z $target ]]; then
        [[ $current != */* ]] || return
        mapfile -t COMPREPLY < <(
            compgen -c -- "$current" | sort -u
            for word in cpp cc cxx so; do compgen -f -X "!*.$word" -- "$current"; done
        )
        compopt -o filenames 2>/dev/null || :
        return
    fi
    # Parameters of a job, until the items begin.
    for ((++i; i < COMP_CWORD; ++i)); do
        [[ ${COMP_WORDS[i]} != ::* ]] || return
    done
    [[ $current != '=' && ${COMP_WORDS[COMP_CWORD - 1]} != '=' ]] || return
    case $target in
        *.cpp | *.cc | *.cxx) word=$(sed -n 's/.*\bparam("\([^"\\]*\)".*/\1=/p' "$target" 2>/dev/null) ;;
        *.so) word=$("$1" --describe "$target" 2>/dev/null | sed -n 's/^  \([^ ]*\)  .*/\1=/p') ;;
        *) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
    compopt -o nospace 2>/dev/null || :
)sh";

constexpr std::string_view kEnd = R"sh(}
complete -o bashdefault -o default -F @FUNCTION@ @NAME@
)sh";

}  // namespace

std::string bash_completion(const CommandReference& reference) {
    std::string values;
    std::string names;
    for_each_name(reference, [&](const std::string& name, const DocumentedOption& option) {
        const std::vector<std::string> choices = value_choices(option);
        names.append(names.empty() ? "" : " ").append(name);
        if (has_separate_value(option)) {
            values.append("        [").append(name).append("]='");
            values.append(choices.empty() ? "*" : joined(choices)).append("'\n");
        } else if (name.starts_with("--")) {
            for (const std::string& choice : choices) {
                names.append(" ").append(name).append("=").append(choice);
            }
        }
    });
    std::string pattern(kBegin);
    pattern += reference.operands == Operands::kJob ? kJob : std::string_view();
    pattern += kEnd;
    return completion_script(
        std::move(pattern),
        reference,
        "    local options='" + names + "'\n    local -A values=(\n" + values + "    )\n");
}

}  // namespace aiomisc::cli
