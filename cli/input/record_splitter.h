// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// Cuts a stream of bytes into records at a delimiter.
///
/// Bytes are fed in as they arrive and records are taken out as soon as they are complete. The
/// last record needs no delimiter; a delimiter at the very end adds no empty record.
class RecordSplitter {
public:
    /// A record longer than this is an error: a hostile stream without delimiters must not eat the
    /// memory.
    static constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

    explicit RecordSplitter(char delimiter) : delimiter_(delimiter) {}

    /// Errors:    Error (the unfinished record exceeds kMaxRecordBytes).
    void feed(std::string_view bytes);

    /// No more bytes will come.
    void finish() noexcept { finished_ = true; }

    /// Takes the next record, if one is complete.
    bool next(std::string& record);

    /// Bytes fed and not yet taken.
    [[nodiscard]] std::size_t buffered() const noexcept { return buffer_.size() - start_; }

private:
    std::string buffer_;
    std::size_t start_ = 0;    // of the next record
    std::size_t scanned_ = 0;  // no delimiter in [start_, scanned_)
    char delimiter_;
    bool finished_ = false;
};

}  // namespace aiomisc::cli
