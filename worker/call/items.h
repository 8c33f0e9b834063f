// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace aiomisc::detail {

// Where many calls are made for one message, their results lie one behind the other:
//
//     kind (1 byte) | length (4 bytes) | that many bytes
//
// and so do the arguments of a chunk, without the kind.

/// How one of the calls ended.
enum class ItemKind : std::uint8_t { kValue, kError, kCancelled };

inline constexpr std::size_t kArgumentHeaderBytes = sizeof(std::uint32_t);
inline constexpr std::size_t kResultHeaderBytes = 1 + sizeof(std::uint32_t);

struct ResultItem {
    ItemKind kind = ItemKind::kValue;
    std::span<const std::byte> bytes;  ///< a value, or an encoded exception
};

inline void write_item_header(std::byte* at, ItemKind kind, std::size_t size) noexcept {
    const auto length = static_cast<std::uint32_t>(size);
    *at = static_cast<std::byte>(kind);
    std::memcpy(at + 1, &length, sizeof length);
}

/// The first result in `bytes`, which are cut by it; nothing if there is no whole one. They come
/// from the worker: nothing is believed.
inline std::optional<ResultItem> cut_item(std::span<const std::byte>& bytes) noexcept {
    if (bytes.size() < kResultHeaderBytes) {
        return std::nullopt;
    }
    const auto kind = static_cast<std::uint8_t>(bytes[0]);
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data() + 1, sizeof size);
    if (kind > static_cast<std::uint8_t>(ItemKind::kCancelled) ||
        size > bytes.size() - kResultHeaderBytes) {
        return std::nullopt;
    }
    const ResultItem item{static_cast<ItemKind>(kind), bytes.subspan(kResultHeaderBytes, size)};
    bytes = bytes.subspan(kResultHeaderBytes + size);
    return item;
}

}  // namespace aiomisc::detail
