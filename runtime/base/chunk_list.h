// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <utility>
#include <vector>

namespace aiomisc {

/// The items of a range in vectors of `size`, the last of which may be shorter; see chunk_list().
template <std::ranges::input_range View>
    requires std::ranges::view<View>
class ChunkList {
public:
    using Chunk = std::vector<std::ranges::range_value_t<View>>;

    ChunkList(View items, std::size_t size) : items_(std::move(items)), size_(size) {
        if (size == 0) {
            throw std::invalid_argument("chunk_list() needs a size of 1 or more");
        }
    }

    class Iterator {
    public:
        using value_type = Chunk;                // NOLINT(readability-identifier-naming)
        using difference_type = std::ptrdiff_t;  // NOLINT(readability-identifier-naming)

        explicit Iterator(ChunkList& list) : list_(&list) { list_->read(); }

        Chunk& operator*() const noexcept { return list_->chunk_; }

        Iterator& operator++() {
            list_->read();
            return *this;
        }

        void operator++(int) { ++*this; }

        bool operator==(std::default_sentinel_t) const noexcept { return list_->chunk_.empty(); }

    private:
        ChunkList* list_;
    };

    /// Once: it takes items from the range as it goes.
    Iterator begin() {
        at_.emplace(std::ranges::begin(items_));
        return Iterator(*this);
    }

    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    void read() {
        chunk_.clear();
        while (chunk_.size() < size_ && *at_ != std::ranges::end(items_)) {
            chunk_.push_back(**at_);
            ++*at_;
        }
    }

    View items_;
    std::size_t size_;
    std::optional<std::ranges::iterator_t<View>> at_;
    Chunk chunk_;
};

/// Iterates over the items of a range in vectors of `size`, of which the last may be shorter. Takes
/// items as they are asked for, so that the range may have no end.
///
///     for (const auto& batch : chunk_list(rows, 100)) { … }
///
/// Errors:    std::invalid_argument (`size` is 0).
/// Idea:      aiomisc.chunk_list.
template <std::ranges::viewable_range Range>
auto chunk_list(Range&& items, std::size_t size) {
    return ChunkList<std::views::all_t<Range>>(std::views::all(std::forward<Range>(items)), size);
}

}  // namespace aiomisc
