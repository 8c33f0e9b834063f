// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aiomisc::cli {

/// A log that has a higher number of a job is damaged: no run gets that far.
inline constexpr std::uint64_t kHighestSeq = std::uint64_t{1} << 62;

/// Whether a job can have that number.
constexpr bool is_seq(std::uint64_t number) noexcept {
    return number > 0 && number <= kHighestSeq;
}

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
