// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// The file behind a job log: locked for the whole run, and written a record at a time.
///
/// A record is one write() at the end of the file, so readers see whole records, and a run that was
/// killed leaves at most a torn last line. Such a line is ended before anything is appended.
///
/// Affinity:  any thread, one at a time.
class LogFile {
public:
    /// Opens and locks. Without `append` the file is emptied, once the lock is ours.
    ///
    /// Errors:    SystemError (it cannot be opened), Error (another run has it, with its pid; or it
    ///            lies in a directory that everybody can write and belongs to somebody else).
    LogFile(std::string path, bool append);

    /// Nothing was in the file when it was opened, or nothing is any more.
    [[nodiscard]] bool started_empty() const noexcept { return started_empty_; }

    /// Errors:    SystemError (it was not written; a part of it is taken back).
    void append(std::string_view record);

    /// Brings to the disk what was appended since the last time. Errors: SystemError.
    void sync();

private:
    void lock();
    void end_torn_line(std::uint64_t size);

    std::string path_;
    UniqueFd fd_;
    bool regular_ = false;
    bool started_empty_ = true;
    bool dirty_ = false;
};

}  // namespace aiomisc::cli
