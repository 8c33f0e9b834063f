// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::detail {

/// What a plugin file exports.
struct PluginFile {
    std::string name;
    std::string doc;
    void (*setup)() = nullptr;
};

/// The absolute directories of a list separated by ':'; those that are not absolute are logged and
/// left out.
std::vector<std::filesystem::path> plugin_directories(std::string_view list);

/// The files `*.so` of a directory, by name.
/// Errors:    Error (somebody else could have put files there), SystemError (cannot be read).
std::vector<std::filesystem::path> plugin_files(const std::filesystem::path& directory);

/// Loads a file, for as long as the process lives. Its static objects are constructed, its setup is
/// not called.
///
/// Errors:    Error (somebody else could have written it; not a plugin; built for another version
///            of the library; the dynamic linker's reason).
PluginFile load_plugin_file(const std::filesystem::path& file);

}  // namespace aiomisc::detail
