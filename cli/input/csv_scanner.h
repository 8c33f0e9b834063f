// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::cli {

/// Tells what each character of CSV text means, by RFC 4180: a field may stand in quotes, between
/// which separators and line ends are text, and `""` is one quote.
class CsvScanner {
public:
    enum class Meaning {
        kText,       ///< belongs to the field
        kSyntax,     ///< a quote around the field
        kSeparator,  ///< ends the field
        kEnd,        ///< ends the record
        kMisplaced,  ///< a quote inside an unquoted field, or text behind the closing quote
    };

    CsvScanner(char separator, char end) noexcept : separator_(separator), end_(end) {}

    Meaning take(char c) noexcept;

    /// An opened quote has not been closed.
    [[nodiscard]] bool in_quotes() const noexcept { return state_ == State::kQuoted; }

private:
    enum class State { kFieldBegin, kPlain, kQuoted, kQuoteInQuoted };

    Meaning take_plain(char c) noexcept;

    char separator_;
    char end_;
    State state_ = State::kFieldBegin;
};

}  // namespace aiomisc::cli
