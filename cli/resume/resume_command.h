// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>

#include <string>
#include <vector>

namespace aiomisc::cli {

/// What is left when a run ends.
struct UnfinishedRun {
    bool failed = false;   ///< some jobs have failed
    bool not_run = false;  ///< some were not started
    bool is_module = false;
    std::string program;                 ///< as it was called
    std::vector<std::string> arguments;  ///< words of its command line
};

/// The sentence for the summary that says how to go on, with the command to paste into a shell;
/// empty if nothing is left to do.
std::string how_to_go_on(const Options& options, const UnfinishedRun& run);

/// Whether all sources give the same items when this process opens them again: words, and regular
/// files.
bool can_read_again(const std::vector<SourceSpec>& sources);

}  // namespace aiomisc::cli
