// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace aiomisc::test {

/// A directory of its own for one test, removed with everything in it at the end.
///
/// Owned by the process that made it: the copy that a forked child inherits removes nothing.
class TempDir {
public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
        return path_ / name;
    }

    /// Writes a file below the directory, with the folders it needs; returns its path.
    std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const;

    /// Reads a whole file below the directory. Errors: std::runtime_error (cannot be read).
    [[nodiscard]] std::string read(const std::filesystem::path& name) const;

private:
    std::filesystem::path path_;
    int owner_;
};

}  // namespace aiomisc::test
