// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/log/log_record.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// What could not be read of a log.
struct LogDamage {
    static constexpr std::size_t kMaxLines = 3;

    std::vector<std::uint64_t> lines;  ///< the first numbers, from 1
    std::uint64_t count = 0;
    bool torn_end = false;  ///< the last line does not end: a run was killed while it wrote it
};

/// Opens a log that is there, without waiting and without changing it.
///
/// Errors:    SystemError; Error (it is no regular file, so it cannot be read back).
UniqueFd open_log_to_read(const std::string& path);

/// Reads a job log from its beginning, a line at a time: what is kept of it is up to the caller.
///
/// A line is a record only if it ends. One that was torn and then ended by LogFile has an empty
/// line behind it, and is none either.
class LogReader {
public:
    /// No line of ours is as long; one that is longer is damage.
    static constexpr std::size_t kMaxLine = std::size_t{256} << 20;

    /// Gets a record, and where its line begins.
    using Visitor = std::function<void(LogRecord record, std::uint64_t offset)>;

    /// `path` names the file in messages, and its format.
    LogReader(UniqueFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

    /// Errors:    SystemError (reading failed), Error (not one line is a record).
    LogDamage read(const Visitor& visit) const;

    /// The record whose line begins at `offset`.
    ///
    /// Errors:    SystemError (reading failed), Error (it is not there any more).
    [[nodiscard]] LogRecord record_at(std::uint64_t offset) const;

    [[nodiscard]] LogFormat format() const noexcept { return log_format(path_); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    UniqueFd file_;
    std::string path_;
};

}  // namespace aiomisc::cli
