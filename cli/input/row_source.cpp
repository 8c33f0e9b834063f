// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/row_source.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace aiomisc::cli {
namespace {

/// While widths are added up, one that differs from row to row stands out from all others.
constexpr std::size_t kDiffers = std::numeric_limits<std::size_t>::max();

std::size_t joined_width(std::size_t width, const RowSource& source) {
    return width == kDiffers || source.width() == 0 ? kDiffers : width + source.width();
}

std::size_t known_width(std::size_t width) {
    return width == kDiffers ? 0 : width;
}

}  // namespace

Pull ItemRows::next(Row& row) {
    std::string item;
    const Pull pulled = items_->next(item);
    if (pulled == Pull::kItem) {
        row.clear();
        row.push_back(std::move(item));
    }
    return pulled;
}

LinkedRows::LinkedRows(std::vector<std::unique_ptr<RowSource>> members)
    : members_(std::move(members)) {}

Pull LinkedRows::next(Row& row) {
    for (; !ended_ && level_ < members_.size(); ++level_) {
        Row part;
        const Pull pulled = members_[level_]->next(part);
        if (pulled == Pull::kWait) {
            return Pull::kWait;
        }
        ended_ = pulled == Pull::kEnd;
        std::ranges::move(part, std::back_inserter(partial_));
    }
    if (ended_) {
        return Pull::kEnd;
    }
    level_ = 0;
    row = std::exchange(partial_, {});
    return Pull::kItem;
}

int LinkedRows::wait_fd() const noexcept {
    return level_ < members_.size() ? members_[level_]->wait_fd() : -1;
}

std::size_t LinkedRows::width() const noexcept {
    std::size_t width = 0;
    for (const auto& member : members_) {
        width = joined_width(width, *member);
    }
    return known_width(width);
}

void LinkedRows::append_names(std::vector<std::string>& names) const {
    for (const auto& member : members_) {
        member->append_names(names);
    }
}

Pull ReplayedRows::at(std::size_t position, const Row*& row) {
    if (position == rows_.size()) {
        Row fresh;
        const Pull pulled = ended_ ? Pull::kEnd : source_->next(fresh);
        if (pulled != Pull::kItem) {
            ended_ = ended_ || pulled == Pull::kEnd;
            return pulled;
        }
        rows_.push_back(std::move(fresh));
    }
    row = &rows_[position];
    return Pull::kItem;
}

ProductRows::ProductRows(
    std::unique_ptr<RowSource> first, std::vector<std::unique_ptr<RowSource>> others)
    : first_(std::move(first)) {
    axes_.reserve(others.size());
    for (auto& source : others) {
        axes_.push_back(Axis{.rows = ReplayedRows(std::move(source))});
    }
}

Pull ProductRows::next(Row& row) {
    while (level_ <= axes_.size()) {
        switch (step(level_)) {
            case Pull::kWait:
                return Pull::kWait;
            case Pull::kItem:
                ++level_;
                break;
            case Pull::kEnd:
                if (level_ == 0 || axes_[level_ - 1].rows.seen() == 0) {
                    level_ = 0;
                    return Pull::kEnd;
                }
                axes_[level_ - 1].position = 0;
                --level_;
                break;
        }
    }
    level_ = axes_.size();
    row = first_row_;
    for (const Axis& axis : axes_) {
        row.insert(row.end(), axis.current->begin(), axis.current->end());
    }
    return Pull::kItem;
}

Pull ProductRows::step(std::size_t level) {
    if (level == 0) {
        return first_->next(first_row_);
    }
    Axis& axis = axes_[level - 1];
    const Pull pulled = axis.rows.at(axis.position, axis.current);
    if (pulled == Pull::kItem) {
        ++axis.position;
    }
    return pulled;
}

int ProductRows::wait_fd() const noexcept {
    return level_ == 0 ? first_->wait_fd() : axes_[level_ - 1].rows.source().wait_fd();
}

std::size_t ProductRows::width() const noexcept {
    std::size_t width = joined_width(0, *first_);
    for (const Axis& axis : axes_) {
        width = joined_width(width, axis.rows.source());
    }
    return known_width(width);
}

void ProductRows::append_names(std::vector<std::string>& names) const {
    first_->append_names(names);
    for (const Axis& axis : axes_) {
        axis.rows.source().append_names(names);
    }
}

CycledRows::CycledRows(std::vector<std::unique_ptr<RowSource>> sources) {
    axes_.reserve(sources.size());
    for (auto& source : sources) {
        axes_.emplace_back(std::move(source));
    }
}

Pull CycledRows::next(Row& row) {
    if (const Pull pulled = gather(); pulled != Pull::kItem) {
        return pulled;
    }
    level_ = 0;
    Row gathered = std::exchange(partial_, {});
    if (!std::exchange(fresh_, false)) {
        return Pull::kEnd;
    }
    ++number_;
    row = std::move(gathered);
    return Pull::kItem;
}

Pull CycledRows::gather() {
    for (; level_ < axes_.size(); ++level_) {
        ReplayedRows& axis = axes_[level_];
        const Row* item = nullptr;
        if (!axis.ended()) {
            const Pull pulled = axis.at(number_, item);
            if (pulled == Pull::kWait) {
                return Pull::kWait;
            }
            fresh_ = fresh_ || pulled == Pull::kItem;
        }
        if (axis.ended() && axis.seen() > 0) {
            axis.at(number_ % axis.seen(), item);
        }
        if (item == nullptr) {
            return Pull::kEnd;  // it has no items
        }
        partial_.insert(partial_.end(), item->begin(), item->end());
    }
    return Pull::kItem;
}

int CycledRows::wait_fd() const noexcept {
    return level_ < axes_.size() ? axes_[level_].source().wait_fd() : -1;
}

std::size_t CycledRows::width() const noexcept {
    std::size_t width = 0;
    for (const ReplayedRows& axis : axes_) {
        width = joined_width(width, axis.source());
    }
    return known_width(width);
}

void CycledRows::append_names(std::vector<std::string>& names) const {
    for (const ReplayedRows& axis : axes_) {
        axis.source().append_names(names);
    }
}

}  // namespace aiomisc::cli
