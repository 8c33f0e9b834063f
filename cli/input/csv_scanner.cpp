// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/csv_scanner.h>

namespace aiomisc::cli {

CsvScanner::Meaning CsvScanner::take(char c) noexcept {
    if (state_ == State::kQuoted) {
        state_ = c == '"' ? State::kQuoteInQuoted : State::kQuoted;
        return c == '"' ? Meaning::kSyntax : Meaning::kText;
    }
    if (c == '"' && state_ != State::kPlain) {
        const bool doubled = state_ == State::kQuoteInQuoted;
        state_ = State::kQuoted;
        return doubled ? Meaning::kText : Meaning::kSyntax;
    }
    return take_plain(c);
}

CsvScanner::Meaning CsvScanner::take_plain(char c) noexcept {
    if (c == separator_ || c == end_) {
        state_ = State::kFieldBegin;
        return c == end_ ? Meaning::kEnd : Meaning::kSeparator;
    }
    const bool behind_quote = state_ == State::kQuoteInQuoted;
    state_ = State::kPlain;
    return behind_quote || c == '"' ? Meaning::kMisplaced : Meaning::kText;
}

}  // namespace aiomisc::cli
