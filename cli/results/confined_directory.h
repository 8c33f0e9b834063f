// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <string>
#include <vector>

namespace aiomisc::cli {

/// A directory that nothing leaves: below it no symbolic link is followed, wherever it leads.
class ConfinedDirectory {
public:
    /// Makes the directory, and those above it, if it is not there; `path` itself may lead over
    /// links. Errors: SystemError.
    explicit ConfinedDirectory(std::string path);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// The directory with these names one in another, made where it is missing.
    ///
    /// Errors: SystemError (one of them is a file, or a link; the disk is full).
    [[nodiscard]] UniqueFd open(const std::vector<std::string>& names) const;

    /// The path of something in there, for people and other programs.
    [[nodiscard]] std::string path_of(const std::vector<std::string>& names) const;

private:
    std::string path_;
    UniqueFd fd_;
};

}  // namespace aiomisc::cli
