// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

// Files in a directory that is ours alone. Errors of all: SystemError.
namespace aiomisc::cli {

/// The whole content.
std::string read_file(const std::filesystem::path& path);

/// Makes a file that only its owner can read, in place of one that is there.
void write_private_file(const std::filesystem::path& path, std::string_view content);

/// Renames, in place of what is there.
void move_to(const std::filesystem::path& from, const std::filesystem::path& to);

/// Waits until a file's content, or a directory's entries, are on disk: what a power loss leaves is
/// then whole.
void sync_to_disk(const std::filesystem::path& path);

/// Whether check_private_file() finds no fault.
bool is_private_file(const std::filesystem::path& path);

}  // namespace aiomisc::cli
