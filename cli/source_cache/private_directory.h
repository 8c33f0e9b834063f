// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <filesystem>

namespace aiomisc::cli {

/// Makes `path` a directory of ours alone, with the directories above it that are missing, and
/// checks that it is one: no link, owned by us, writable by nobody else.
///
/// Errors:    Error (it is not), SystemError (it cannot be made).
void make_private_directory(const std::filesystem::path& path);

/// Takes the exclusive lock of a file, which is made if it is not there. Held until the descriptor
/// is closed, so also when the process is killed.
///
/// Returns none if `wait` is false and somebody else has it.
/// Errors:    SystemError.
UniqueFd lock_file(const std::filesystem::path& path, bool wait);

}  // namespace aiomisc::cli
