// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace aiomisc::detail {

/// A first-in-first-out queue whose items know their number: one that was taken out, but not used,
/// goes back to its place, in whatever order several of them do.
template <typename Value>
class NumberedItems {
public:
    struct Item {
        std::uint64_t number;
        Value value;
    };

    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    [[nodiscard]] std::size_t count(const Value& value) const {
        return static_cast<std::size_t>(std::count_if(
            items_.begin(), items_.end(), [&](const Item& item) { return item.value == value; }));
    }

    /// Gives a new item its number, the next.
    [[nodiscard]] Item number(Value&& value) { return Item{next_++, std::move(value)}; }

    /// Appends a new item.
    void push_back(Item&& item) { items_.push_back(std::move(item)); }

    [[nodiscard]] Item pop_front() {
        Item item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

    void put_back(Item&& item) {
        // Among the first: what is given out is what is oldest.
        const auto later =
            std::find_if(items_.begin(), items_.end(), [number = item.number](const Item& other) {
                return other.number > number;
            });
        items_.insert(later, std::move(item));
    }

private:
    std::deque<Item> items_;
    std::uint64_t next_ = 0;
};

}  // namespace aiomisc::detail
