// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>

#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// What is to be run.
struct Target {
    enum class Kind {
        kCommand,  ///< by CommandTemplate, which sees to shell or no shell
        kModule,   ///< a job module; checked, and not yet loaded
        kSource,   ///< a C++ source, to be compiled to a module
    };

    Kind kind = Kind::kCommand;
    std::string path;                ///< of module or source, absolute
    std::vector<std::string> words;  ///< of the command; behind the path for module and source
    std::string warning;             ///< one line for the user; mostly empty
};

/// Decides what TARGET is, once and before any job:
///
/// 1. no words: each item is a command line;
/// 2. `x.so`, or --mode module: a job module, or an error, never a command;
/// 3. `x.cpp`, `x.cc`, `x.cxx`, or --mode source: a C++ source;
/// 4. a path to a script that may not be executed: its #! line is followed, with a warning;
/// 5. anything else: a command.
///
/// Errors:    Error (not what its name or --mode says), SystemError (it cannot be read).
Target choose_target(const TemplateOptions& options);

}  // namespace aiomisc::cli
