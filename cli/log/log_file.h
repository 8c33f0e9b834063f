// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// The file behind a job log: locked for the whole run, and written a record at a time.
///
/// A record is one write() at the end of the file, so readers see whole records, and a run that was
/// killed leaves at most a torn last line. With the next record such a line is ended, and an empty
/// line put behind it: then it is known for what it is, even where it looks complete.
///
/// Affinity:  any thread, one at a time.
class LogFile {
public:
    /// Opens and locks. Without `append` the first record empties the file: a run that is refused
    /// before leaves it as it was.
    ///
    /// Errors:    SystemError (it cannot be opened), Error (another run has it, with its pid; or it
    ///            lies in a directory that everybody can write and belongs to somebody else).
    LogFile(std::string path, bool append);

    /// The first record that is appended is the first of the file.
    [[nodiscard]] bool started_empty() const noexcept { return started_empty_; }

    /// Errors:    SystemError (it was not written; a part of it is taken back).
    void append(std::string_view record);

    /// Brings to the disk everything that was appended; blocks for as long as that takes.
    /// Errors: SystemError (also where it was one of take_sync() that failed, and nobody waited).
    void sync();

    /// Brings to the disk what was appended since the last time, in another thread; empty if that
    /// is nothing. It may outlive the LogFile.
    [[nodiscard]] std::function<void()> take_sync();

    /// Opens the same file for reading. Errors: SystemError; Error (it is no regular file).
    [[nodiscard]] UniqueFd open_for_reading() const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    struct Disk;

    void lock();
    void empty();
    [[nodiscard]] bool ends_in_line(std::uint64_t size) const;

    std::string path_;
    std::shared_ptr<Disk> disk_;
    bool regular_ = false;
    bool started_empty_ = true;
    bool torn_ = false;
    bool to_be_emptied_ = false;
    bool dirty_ = false;
    bool written_ = false;
};

}  // namespace aiomisc::cli
