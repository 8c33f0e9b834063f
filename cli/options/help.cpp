// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/help.h>

#include <aiomisc/cli/report/printable.h>

namespace aiomisc::cli {

std::string short_help() {
    return R"(usage: aiomisc-run [OPTIONS] TARGET [WORD...] [SOURCE...]
       SOURCE is ::: ITEM... or :::: FILE...; without one, the lines of stdin

Run a command once for each item, a job for each CPU at a time:
  aiomisc-run gzip -9 {} ::: *.log
  find . -name '*.wav' -print0 | aiomisc-run -0 'lame --quiet {} {.}.mp3'

Run a C++ function in warm worker processes; a crash costs one job:
  aiomisc-run thumbnail.cpp size=256 src={} dst=out/{/.}.jpg ::: *.jpg
  aiomisc-run --describe thumbnail.cpp        which arguments it takes

Combine sources, or pair them:
  aiomisc-run echo {1} {2} ::: a b ::: 1 2      a 1, a 2, b 1, b 2
  aiomisc-run echo {1} {2} ::: a b :::+ 1 2     a 1, b 2

Each line of a file is a command:
  aiomisc-run -j2 < commands.txt

Placeholders:
  {}  the item      {.}  without extension   {/} file name   {//} its directory
  {#} job number    {/.} without both        {%} slot        {2}  second source
  Items are never part of the shell's text: '$(reboot)' is only a name.

Often used:
  -j N        jobs at a time: 4, 50%, +2     --timeout D     kill a job after D
  -k          print in the input's order     --retries N     attempts in all
  --tag       begin lines with the item      --halt RULE     e.g. now,fail=1
  --bar       show progress                  --results DIR   files of each job
  --dry-run   only print the commands        --joblog FILE   a line for each job
  --joblog FILE --resume-failed              do what is left, and what failed

Exit status: 0 all jobs succeeded, 1-100 that many failed, 101 more,
255 nothing could be run. aiomisc-run --help=all describes every option.
)";
}

std::string usage_message(const UsageError& error) {
    return "aiomisc-run: " + printable(error.what()) +
           "\nusage: aiomisc-run [OPTIONS] TARGET [WORD...] [::: ITEM... | :::: FILE...]"
           "\nTry 'aiomisc-run --help'.\n";
}

}  // namespace aiomisc::cli
