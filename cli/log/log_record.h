// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aiomisc::cli {

enum class LogFormat { kTsv, kJson };

/// By the end of its name: `.jsonl` is JSON.
LogFormat log_format(std::string_view path) noexcept;

/// What the log says of a job that has ended.
struct LoggedJob {
    std::uint64_t seq = 0;
    std::optional<std::vector<std::string>> items;  ///< only the JSON log has them
    std::string command;
    bool succeeded = false;
    bool cancelled = false;  ///< it was the run that ended; only the JSON log tells
    bool rerun = false;      ///< it had failed before, and ran again; only the JSON log tells
};

/// What the JSON log says of a run.
struct LoggedRun {
    bool resumes = false;  ///< goes on with what stands before it
    std::string target;
    std::optional<std::string> command_template;
};

/// A line that says nothing of an end: the header, an attempt that is followed by another.
struct OtherLine {};

using LogRecord = std::variant<OtherLine, LoggedRun, LoggedJob>;

/// Understands a line of the log; none if it is damaged, or none of ours.
std::optional<LogRecord> parse_log_line(LogFormat format, std::string_view line);

}  // namespace aiomisc::cli
