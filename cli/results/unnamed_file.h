// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace aiomisc::cli {

/// A file that gets its name when it is complete, and is gone when we are before that, however we
/// end.
///
/// File systems that have no such files get one with a name that begins with a dot, which a killed
/// run leaves behind.
class UnnamedFile {
public:
    /// In the directory `directory` that must stay open; `where` is its path, for errors.
    /// Errors: SystemError.
    UnnamedFile(int directory, std::string where, mode_t mode);
    UnnamedFile(UnnamedFile&& other) noexcept;
    UnnamedFile& operator=(UnnamedFile&&) = delete;
    UnnamedFile(const UnnamedFile&) = delete;
    UnnamedFile& operator=(const UnnamedFile&) = delete;
    ~UnnamedFile();

    /// Errors: SystemError (the disk is full).
    void append(std::string_view bytes);

    /// Begins anew. Errors: SystemError.
    void clear();

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    /// Reads up to `size` bytes at `offset`, which is before the end; returns how many.
    /// Errors: SystemError.
    std::size_t read(std::uint64_t offset, char* buffer, std::size_t size) const;

    /// Sets its time of modification. Returns what the file system made of it; none if it keeps no
    /// times.
    std::optional<timespec> set_modified(timespec time);

    /// Gives it a name in a directory of the same file system, in place of what has it now: who
    /// opens that name gets either the old file or all of this one. Once only.
    ///
    /// Errors: SystemError.
    void link(int directory, const std::string& name);

private:
    [[noreturn]] void fail(const char* operation) const;
    [[nodiscard]] bool link_as(int directory, const std::string& name) const;

    int directory_;
    std::string where_;
    UniqueFd fd_;
    std::string name_;  ///< empty: it has none
    std::uint64_t size_ = 0;
};

}  // namespace aiomisc::cli
