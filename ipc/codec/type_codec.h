// SPDX-License-Identifier: MIT
#pragma once

// How a type travels is a specialization of Codec:
//
//   static constexpr bool kBlock                  its memory is its encoding: no padding, no
//   invalid
//                                                 values, no pointers; a run of them is one copy
//   template <Direction D, typename... Outer>
//   static consteval bool supported()             whether it travels; Outer are the aggregates
//   around it,
//                                                 which ends the recursion of a type that contains
//                                                 itself
//   static void encode(Encoder&, const T&)
//   static void decode(Decoder&, T&)              assigns a default-constructed T
//
// Standard templates are specialized by name, each in the header of its family. What is left goes
// through FallbackCodec, whose specializations are chosen by concepts that exclude one another:
// scalars, paths, types with cereal functions, plain aggregates.
//
// The containers do not use cereal's own functions (cereal/types/*.h): those resize to whatever
// length the input claims and cast shared pointers to whatever type the caller expects, which is
// fit for files one wrote oneself, not for bytes from a worker that may have been taken over.

#include <aiomisc/ipc/codec/decoder.h>
#include <aiomisc/ipc/codec/encoder.h>

#include <cstddef>
#include <type_traits>

namespace aiomisc::ipc::detail {

enum class Direction { kEncode, kDecode };

/// A type that does not travel.
struct UnsupportedCodec {
    static constexpr bool kBlock = false;

    template <Direction, typename...>
    static consteval bool supported() {
        return false;
    }
};

template <typename T>
struct FallbackCodec : UnsupportedCodec {};

template <typename T>
struct Codec : FallbackCodec<T> {};

template <typename T, Direction kWay, typename... Outer>
inline constexpr bool kSupported =
    (kWay == Direction::kEncode || std::is_default_constructible_v<T>) &&
    Codec<T>::template supported<kWay, Outer...>();

/// A codec that depends on no other.
struct LeafCodec {
    static constexpr bool kBlock = false;

    template <Direction, typename...>
    static consteval bool supported() {
        return true;
    }
};

/// Encodes and decodes a value as the bytes it has in memory.
template <typename T>
struct BlockCodec {
    static void encode(Encoder& encoder, const T& value) { encoder.put(value); }

    static void decode(Decoder& decoder, T& value) {
        std::memcpy(&value, decoder.take<T>(sizeof(T)), sizeof(T));
    }
};

/// A type without content still takes a byte, see Encoder.
template <typename T>
struct EmptyCodec : LeafCodec {
    static void encode(Encoder& encoder, const T& /*value*/) { encoder.put(std::byte{0}); }

    static void decode(Decoder& decoder, T& /*value*/) {
        if (decoder.take_scalar<T, unsigned char>() != 0) [[unlikely]] {
            decoder.fail<T>("is empty, but is sent with content");
        }
    }
};

}  // namespace aiomisc::ipc::detail
