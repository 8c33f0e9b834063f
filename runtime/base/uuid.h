// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace aiomisc {

/// 128 bits that nobody else has, in the order in which they are written.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;

    /// 1 for fast_uuid1(), 4 for fast_uuid4().
    [[nodiscard]] int version() const noexcept { return bytes[6] >> 4; }

    /// `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`
    [[nodiscard]] std::string str() const;
};

/// A random one. Made for speed: nothing that must not be guessed may depend on it.
///
/// Affinity:  any thread; a forked child makes others than its parent.
/// Idea:      aiomisc.utils.fast_uuid4.
[[nodiscard]] Uuid fast_uuid4() noexcept;

/// One that tells its time: 100-nanosecond ticks since 1582, 14 random bits, and 48 bits that are
/// random for each thread in place of a network address. Not for secrets either.
///
/// Affinity:  any thread; a forked child makes others than its parent.
/// Idea:      aiomisc.utils.fast_uuid1.
[[nodiscard]] Uuid fast_uuid1() noexcept;

}  // namespace aiomisc
