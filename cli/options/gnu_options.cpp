// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/gnu_options.h>

#include <algorithm>
#include <iterator>

namespace aiomisc::cli {
namespace {

struct Refusal {
    std::string_view option;
    std::string_view reason;
};

constexpr std::string_view kOneHost = "jobs run on this machine only";
constexpr std::string_view kNoPipe = "a job's standard input is /dev/null; name files as items";
constexpr std::string_view kNoCode = "there is no programming language in templates";

constexpr Refusal kRefusals[] = {
    {"-S", kOneHost},
    {"--sshlogin", kOneHost},
    {"--slf", kOneHost},
    {"--sshloginfile", kOneHost},
    {"--onall", kOneHost},
    {"--nonall", kOneHost},
    {"--transfer", kOneHost},
    {"--transferfile", kOneHost},
    {"--tf", kOneHost},
    {"--return", kOneHost},
    {"--trc", kOneHost},
    {"--basefile", kOneHost},
    {"--bf", kOneHost},
    {"--pipe", kNoPipe},
    {"--pipepart", kNoPipe},
    {"--pipe-part", kNoPipe},
    {"--spreadstdin", kNoPipe},
    {"--block", kNoPipe},
    {"--semaphore", "use flock(1)"},
    {"--sem", "use flock(1)"},
    {"--tmux", "output is collected; watch it with --line-buffer"},
    {"--tmuxpane", "output is collected; watch it with --line-buffer"},
    {"--fg", "use flock(1)"},
    {"--bg", "use flock(1)"},
    {"--sql", "keep results with --joblog FILE.jsonl"},
    {"--sqlmaster", "keep results with --joblog FILE.jsonl"},
    {"--sqlworker", "keep results with --joblog FILE.jsonl"},
    {"--sqlandworker", "keep results with --joblog FILE.jsonl"},
    {"--rpl", "use --define"},
    {"--filter", kNoCode},
    {"--ll", "use --line-buffer"},
    {"--latest-line", "use --line-buffer"},
    {"--xargs", "use -X"},
    {"-m", "use -X"},
    {"-L", "use -n"},
    {"-l", "use -n"},
    {"--max-chars", "-X keeps to the limit of the system, -n to a number of items"},
    {"--memsuspend", "jobs are held up by --memfree, and killed by --mem-limit"},
};

}  // namespace

std::string_view why_not_offered(std::string_view option) noexcept {
    const auto* const found =
        std::find_if(std::begin(kRefusals), std::end(kRefusals), [option](const Refusal& refusal) {
            return refusal.option == option;
        });
    return found == std::end(kRefusals) ? std::string_view{} : found->reason;
}

}  // namespace aiomisc::cli
