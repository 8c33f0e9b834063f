// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace aiomisc::log {

/// Numbers are those of Python's logging.
enum class Level : int {
    kNotset = 0,
    kDebug = 10,
    kInfo = 20,
    kWarning = 30,
    kError = 40,
    kCritical = 50
};

/// What a line looks like, and where it goes. README.md of this folder shows one of each.
enum class Format : int {
    kDisabled = -1,  ///< no sink of ours; the program's own (Config::handlers) still get records
    kStream = 0,     ///< `LEVEL:logger:message`
    kColor = 1,      ///< date, thread, a colored level
    kJson = 2,       ///< one JSON object a line, to stdout
    kSyslog = 3,     ///< the message alone, to the system's log
    kPlain = 4,      ///< the message alone
    kJournald = 5,   ///< systemd's journal, with all fields
    kRich = 6,       ///< columns for a terminal: time, level, message and fields, source line
    kRichTb = 7,     ///< the same, with the chain of nested exceptions and a backtrace
};

/// `info` for Level::kInfo, as accepted by parse_level().
[[nodiscard]] std::string_view level_name(Level level) noexcept;
[[nodiscard]] std::string_view format_name(Format format) noexcept;

/// All names, levels from critical down, formats by their number.
[[nodiscard]] std::vector<std::string_view> level_names();
[[nodiscard]] std::vector<std::string_view> format_names();

/// A name, or for a level its number: `warning` or `30`.
/// Errors: std::invalid_argument (no such name; lists the names there are).
[[nodiscard]] Level parse_level(std::string_view name);
[[nodiscard]] Format parse_format(std::string_view name);

/// What stderr asks for: journald if it is the stream of systemd's journal (`JOURNAL_STREAM`
/// names its device and inode), plain if it is no terminal, else rich.
[[nodiscard]] Format default_format() noexcept;

/// The strftime pattern of a format when none is configured; empty: no date. That of stream is what
/// a program would choose, its lines have none by default. `%s` of json stands for a number,
/// seconds since 1970.
[[nodiscard]] std::string_view default_date_format(Format format) noexcept;

}  // namespace aiomisc::log
