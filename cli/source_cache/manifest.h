// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// A file that a compilation read, as it was.
struct Dependency {
    std::string path;  ///< absolute
    std::string sha256;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  ///< since the epoch
    std::int64_t changed_ns = 0;   ///< see change_time.h
    std::uint64_t inode = 0;

    friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// Reads a file's state and content. Errors: SystemError.
Dependency describe_dependency(const std::string& path);

/// Whether the file's content is still the same. Only a file whose state differs is read.
bool is_unchanged(const Dependency& dependency);

/// The outcome of a compilation: which module it made, and from what.
struct Manifest {
    std::string module_key;
    std::vector<Dependency> dependencies;

    [[nodiscard]] std::string to_text() const;

    /// None if the text is damaged or of another version.
    static std::optional<Manifest> parse(std::string_view text);
};

}  // namespace aiomisc::cli
