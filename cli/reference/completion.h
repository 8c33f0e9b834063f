// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/reference/command_reference.h>

#include <string>

namespace aiomisc::cli {

/// A script for bash 4 or newer that completes options, those of their values that are words from a
/// list, commands, and the parameters of jobs; everything else is completed as names of files.
std::string bash_completion(const CommandReference& reference);

/// The same for zsh, as a file `_NAME` of a folder in its `fpath`.
std::string zsh_completion(const CommandReference& reference);

}  // namespace aiomisc::cli
