// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// The file that executing `name` would run: itself if it has a '/', else the first executable of
/// that name in PATH. Relative directories in PATH are not searched: what runs must not depend on
/// the directory one happens to be in.
std::optional<std::string> find_program(const std::string& name);

/// find_program() in a given PATH.
std::optional<std::string> find_program(const std::string& name, std::string_view path);

bool is_executable_file(const std::string& path);

bool is_regular_file(const std::string& path);

/// A regular file named .cpp, .cc or .cxx.
bool is_cxx_source(const std::string& path);

}  // namespace aiomisc::cli
