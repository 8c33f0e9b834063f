// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/job_filler.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace aiomisc::cli {
namespace {

/// Of an item, with the zero byte behind it and the pointer to it.
std::size_t bytes_of(const Row& row) {
    std::size_t bytes = 0;
    for (const std::string& item : row) {
        bytes += item.size() + 1 + sizeof(char*);
    }
    return bytes;
}

}  // namespace

Pull JobFiller::next(RowSource& rows, std::vector<std::string>& items) {
    if (read(rows) == Pull::kWait) {
        return Pull::kWait;
    }
    if (rows_.empty()) {
        return Pull::kEnd;
    }
    items.clear();
    for (std::size_t left = rows_of_job(); left > 0; --left) {
        bytes_ -= bytes_of(rows_.front());
        std::ranges::move(rows_.front(), std::back_inserter(items));
        rows_.pop_front();
    }
    return Pull::kItem;
}

Pull JobFiller::read(RowSource& rows) {
    while (!ended_ && bytes_ <= room_.bytes && rows_.size() < most_) {
        Row row;
        switch (rows.next(row)) {
            case Pull::kItem:
                bytes_ += bytes_of(row);
                rows_.push_back(std::move(row));
                break;
            case Pull::kWait:
                return Pull::kWait;
            case Pull::kEnd:
                ended_ = true;
                share_ = (rows_.size() + room_.slots - 1) / room_.slots;
                break;
        }
    }
    return Pull::kItem;
}

std::size_t JobFiller::rows_of_job() {
    const std::size_t limit = std::min(rows_.size(), ended_ ? share_ : most_);
    if (!room_.fits) {
        return limit;
    }
    // Each look costs as much as the job is long. The last job is the best guess, and a job that is
    // full but for this share is full.
    constexpr std::size_t kNearly = 64;
    std::size_t good = 1;
    std::size_t too_many = limit + 1;
    std::size_t probe = std::min(guess_, limit);
    while (too_many > limit ? good < limit : too_many - good > 1 + good / kNearly) {
        (fits(probe) ? good : too_many) = probe;
        probe = too_many > limit ? std::min(good * 2, limit) : good + (too_many - good) / 2;
    }
    guess_ = good;
    return good;
}

bool JobFiller::fits(std::size_t rows) const {
    JobInput input;
    for (std::size_t row = 0; row < rows; ++row) {
        std::ranges::copy(rows_[row], std::back_inserter(input.items));
    }
    return room_.fits(input);
}

}  // namespace aiomisc::cli
