// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/item_source.h>

namespace aiomisc::cli {
namespace {

constexpr const char* kBlanks = " \t\r\n\v\f";

bool is_blank(const std::string& item) noexcept {
    return item.find_first_not_of(kBlanks) == std::string::npos;
}

}  // namespace

void trim_item(std::string& item, Trim trim) {
    if (trim == Trim::kRight || trim == Trim::kBoth) {
        item.erase(item.find_last_not_of(kBlanks) + 1);
    }
    if (trim == Trim::kLeft || trim == Trim::kBoth) {
        item.erase(0, item.find_first_not_of(kBlanks));
    }
}

Pull ListSource::next(std::string& item) {
    if (at_ == items_.size()) {
        return Pull::kEnd;
    }
    item = items_[at_++];
    return Pull::kItem;
}

std::string ListSource::where() const {
    return "item " + std::to_string(at_) + " of the command line";
}

Pull FilteredSource::next(std::string& item) {
    while (!ended_) {
        const Pull pulled = source_->next(item);
        if (pulled != Pull::kItem) {
            return pulled;
        }
        ended_ = end_item_ && item == *end_item_;
        if (!ended_ && !(drop_blank_ && is_blank(item))) {
            trim_item(item, trim_);
            return Pull::kItem;
        }
    }
    return Pull::kEnd;
}

}  // namespace aiomisc::cli
