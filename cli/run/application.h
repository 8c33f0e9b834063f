// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace aiomisc::cli {

/// The whole program: from the words of the command line to the exit status.
///
/// A run stopped by a signal ends this process by that signal, so that what called it stops too.
int run_application(const std::vector<std::string>& arguments);

}  // namespace aiomisc::cli
