// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/module_note.h>

#include <string>

namespace aiomisc::cli {

/// Checks, without loading it, that a file is a job module that this program can load, and that
/// nobody else could have put code into it: it is writable by its owner and, as files are under
/// umask 002, by the user's own group.
///
/// Errors:    those of read_module_note(); Error (others can write it).
ModuleNote check_module(const std::string& path);

/// Refuses a file that somebody else could have put code into, by the strict rule for what we made
/// ourselves: a regular file, no link, owned by us or by root, writable by its owner alone.
///
/// Errors:    Error (it is not), SystemError (it cannot be opened).
void check_private_file(const std::string& path);

}  // namespace aiomisc::cli
