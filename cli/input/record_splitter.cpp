// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/record_splitter.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

void RecordSplitter::feed(std::string_view bytes) {
    // Taken records are dropped here, once per feed, and not in next(), once per record.
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
    buffer_.append(bytes);
}

bool RecordSplitter::next(std::string& record) {
    if (csv_ && !begun_) {
        // Spreadsheets write the mark; it would become part of the first column's name.
        const auto common = std::min(buffer_.size(), kByteOrderMark.size());
        if (!finished_ && common < kByteOrderMark.size() && kByteOrderMark.starts_with(buffer_)) {
            return false;
        }
        begun_ = true;
        start_ = scanned_ = buffer_.starts_with(kByteOrderMark) ? common : 0;
    }
    const std::size_t end = find_end();
    if (end != std::string::npos) {
        take(record, end);
        start_ = scanned_ = end + 1;
        return true;
    }
    if (buffered() > kMaxRecordBytes) {
        throw Error(
            csv_ ? "a record is longer than 64 MiB; is a quote not closed?"
                 : "an item is longer than 64 MiB; is the delimiter the right one?");
    }
    scanned_ = buffer_.size();
    if (!finished_ || start_ == buffer_.size()) {
        return false;
    }
    take(record, buffer_.size());
    start_ = buffer_.size();
    return true;
}

std::size_t RecordSplitter::find_end() {
    if (!csv_) {
        return buffer_.find(delimiter_, scanned_);
    }
    const auto end = std::find_if(
        buffer_.begin() + static_cast<std::ptrdiff_t>(scanned_), buffer_.end(), [this](char c) {
            return csv_->take(c) == CsvScanner::Meaning::kEnd;
        });
    return end == buffer_.end() ? std::string::npos
                                : static_cast<std::size_t>(end - buffer_.begin());
}

void RecordSplitter::take(std::string& record, std::size_t end) {
    record.assign(buffer_, start_, end - start_);
    position_ = next_position_++;
    if (csv_ && delimiter_ == '\n') {
        next_position_ += static_cast<std::size_t>(std::ranges::count(record, '\n'));
    }
}

}  // namespace aiomisc::cli
