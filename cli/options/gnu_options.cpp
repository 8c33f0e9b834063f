// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/gnu_options.h>

#include <cstddef>

namespace aiomisc::cli {
namespace {

/// Options that are not offered for the same reason, between blanks.
struct Refusal {
    std::string_view options;
    std::string_view reason;
};

constexpr Refusal kRefusals[] = {
    {" -S --sshlogin --slf --sshloginfile --onall --nonall --transfer --transferfile --tf --return"
     " --trc --basefile --bf -M --controlmaster --ssh --ssh-delay --rsync-opts --filter-hosts"
     " --hostgroups --hgrp ",
     "jobs run on this machine only"},
    {" --pipe --pipepart --pipe-part --spreadstdin --block --block-size --block-timeout --bt --cat"
     " --fifo --tee --recstart --recend --regexp --remove-rec-sep --removerecsep --rrs"
     " --round-robin --round --shard --bin --group-by ",
     "a job's standard input is /dev/null; name files as items"},
    {" --semaphore --sem --semaphore-name --id --semaphore-timeout --st --fg --bg --wait ",
     "use flock(1)"},
    {" --tmux --tmuxpane ", "output is collected; watch it with --line-buffer"},
    {" --ll --latest-line ", "use --line-buffer"},
    {" --sql --sqlmaster --sql-master --sqlworker --sql-worker --sqlandworker --sql-and-worker ",
     "keep results with --results FILE.csv or --joblog FILE.jsonl"},
    {" --rpl --parens ", "use --define"},
    {" --basenamereplace --bnr --basenameextensionreplace --bner --dirnamereplace --dnr"
     " --extensionreplace --er --seqreplace --slotreplace ",
     "the placeholders are {} {.} {/} {//} {/.} {#} {%}; use --define for others"},
    {" --filter ", "there is no programming language in templates"},
    {" -m --xargs ", "use -X"},
    {" -L -l --max-lines ", "use -n"},
    {" --max-chars -x --exit --show-limits --max-line-length-allowed ",
     "-X keeps to the limit of the system, -n to a number of items"},
    {" --memsuspend --noswap --limit ", "use --memfree, --load or --mem-limit"},
    {" --env --record-env --session ",
     "jobs inherit the environment; use --env-clean for less of it, --shell bash for functions"},
    {" --profile -J --plain --gnu ", "use AIOMISC_RUN_OPTS for options of every run"},
    {" --shebang --hashbang --shebang-wrap --embed ",
     "a script carries options behind '# aiomisc:'"},
    {" --shell-completion ", "use --help=bash or --help=zsh"},
    {" -p --interactive -o --open-tty --tty ",
     "jobs have no terminal; use --dry-run to look first"},
    {" --process-slot-var ", "use AIOMISC_SLOT, which is in the environment of each job"},
    {" --compress --compress-program --decompress-program ",
     "use --tmpdir for a folder with more room"},
    {" --color-failed --cf --ctag --ctagstring ", "output is not coloured"},
    {" --skip-first-line ", "use --header : or tail(1)"},
    {" --shell-quote ", "use --dry-run, which quotes"},
    {" --number-of-cpus --number-of-cores --number-of-sockets --number-of-threads ",
     "use nproc(1)"},
    {" --use-cores-instead-of-threads --use-sockets-instead-of-threads"
     " --use-cpus-instead-of-cores ",
     "use -j N%"},
    {" --minversion ", "use --version"},
    {" -i ", "use -I"},
    {" -e ", "use -E"},
    {" -V ", "use --version"},
    {" --verbose ", "use -t"},
    {" --template ", "use --tmpl"},
    {" --total-jobs ", "use --total"},
    {" --output-as-files --outputasfiles ", "use --files"},
    {" --no-keep-order ", "leave out -k"},
};

bool has_word(std::string_view words, std::string_view word) noexcept {
    for (std::size_t at = words.find(word, 1); at != std::string_view::npos;
         at = words.find(word, at + 1)) {
        if (words[at - 1] == ' ' && words[at + word.size()] == ' ') {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string_view why_not_offered(std::string_view option) noexcept {
    for (const Refusal& refusal : kRefusals) {
        if (has_word(refusal.options, option)) {
            return refusal.reason;
        }
    }
    return {};
}

}  // namespace aiomisc::cli
