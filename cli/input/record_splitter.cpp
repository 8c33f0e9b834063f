// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/record_splitter.h>

#include <aiomisc/runtime/base/error.h>

namespace aiomisc::cli {

void RecordSplitter::feed(std::string_view bytes) {
    // Taken records are dropped here, once per feed, and not in next(), once per record.
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
    buffer_.append(bytes);
    if (buffer_.size() > kMaxRecordBytes &&
        buffer_.find(delimiter_, scanned_) == std::string::npos) {
        throw Error("an item is longer than 64 MiB; is the delimiter the right one?");
    }
}

bool RecordSplitter::next(std::string& record) {
    const std::size_t end = buffer_.find(delimiter_, scanned_);
    if (end != std::string::npos) {
        record.assign(buffer_, start_, end - start_);
        start_ = scanned_ = end + 1;
        return true;
    }
    scanned_ = buffer_.size();
    if (!finished_ || start_ == buffer_.size()) {
        return false;
    }
    record.assign(buffer_, start_);
    start_ = buffer_.size();
    return true;
}

}  // namespace aiomisc::cli
