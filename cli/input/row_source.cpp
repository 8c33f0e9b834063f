// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/row_source.h>

#include <utility>

namespace aiomisc::cli {

LinkedRows::LinkedRows(std::vector<std::unique_ptr<ItemSource>> members)
    : members_(std::move(members)) {}

Pull LinkedRows::next(Row& row) {
    while (!ended_ && partial_.size() < members_.size()) {
        std::string item;
        const Pull pulled = members_[partial_.size()]->next(item);
        if (pulled == Pull::kWait) {
            return Pull::kWait;
        }
        ended_ = pulled == Pull::kEnd;
        partial_.push_back(std::move(item));
    }
    if (ended_) {
        return Pull::kEnd;
    }
    row = std::exchange(partial_, {});
    return Pull::kItem;
}

int LinkedRows::wait_fd() const noexcept {
    return partial_.size() < members_.size() ? members_[partial_.size()]->wait_fd() : -1;
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
    std::size_t width = first_->width();
    for (const Axis& axis : axes_) {
        width += axis.rows.source().width();
    }
    return width;
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
        if (item != nullptr) {
            partial_.insert(partial_.end(), item->begin(), item->end());
        } else {
            partial_.resize(partial_.size() + axis.source().width());
        }
    }
    return Pull::kItem;
}

int CycledRows::wait_fd() const noexcept {
    return level_ < axes_.size() ? axes_[level_].source().wait_fd() : -1;
}

std::size_t CycledRows::width() const noexcept {
    std::size_t width = 0;
    for (const ReplayedRows& axis : axes_) {
        width += axis.source().width();
    }
    return width;
}

}  // namespace aiomisc::cli
