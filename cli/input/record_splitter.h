// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/csv_scanner.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// Cuts a stream of bytes into records at a delimiter.
///
/// Bytes are fed in as they arrive and records are taken out as soon as they are complete. The
/// last record needs no delimiter; a delimiter at the very end adds no empty record. In CSV a
/// delimiter between quotes is text, and a byte order mark at the beginning is skipped.
class RecordSplitter {
public:
    /// A record longer than this is an error: a hostile stream without delimiters must not eat the
    /// memory.
    static constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

    explicit RecordSplitter(char delimiter, std::optional<CsvScanner> csv = {})
        : delimiter_(delimiter), csv_(csv) {}

    void feed(std::string_view bytes);

    /// No more bytes will come.
    void finish() noexcept { finished_ = true; }

    /// Takes the next record, if one is complete.
    ///
    /// Errors:    Error (an unfinished record exceeds kMaxRecordBytes).
    bool next(std::string& record);

    /// Where the last record taken began: the number of its line if lines are records, else its own
    /// number; from 1.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

    /// Bytes fed and not yet taken.
    [[nodiscard]] std::size_t buffered() const noexcept { return buffer_.size() - start_; }

private:
    std::size_t find_end();
    void take(std::string& record, std::size_t end);

    std::string buffer_;
    std::size_t start_ = 0;    // of the next record
    std::size_t scanned_ = 0;  // no delimiter in [start_, scanned_)
    std::size_t position_ = 0;
    std::size_t next_position_ = 1;
    char delimiter_;
    std::optional<CsvScanner> csv_;
    bool begun_ = false;
    bool finished_ = false;
};

}  // namespace aiomisc::cli
