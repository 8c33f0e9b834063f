// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/scalar_codec.h>
#include <aiomisc/ipc/codec/type_codec.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <list>
#include <span>
#include <vector>

namespace aiomisc::ipc::detail {

/// What a container may reserve before any of its elements was read. A longer one grows as they
/// come.
inline constexpr std::size_t kReserveBytes = 4096;

template <typename T>
void encode_block(Encoder& encoder, const T* values, std::size_t count) {
    encoder.put_count(count);
    encoder.align(alignof(T));
    encoder.put_bytes(values, count * sizeof(T));
}

/// The bytes of `count` blocks written by encode_block(); aligned if the input is.
template <typename Container, typename T>
const std::byte* take_block(Decoder& decoder, std::size_t& count) {
    count = decoder.take_count<Container>(sizeof(T));
    decoder.align<Container>(alignof(T));
    return decoder.take<Container>(count * sizeof(T));
}

template <typename T>
bool is_aligned_for(const std::byte* bytes) noexcept {
    return reinterpret_cast<std::uintptr_t>(bytes) % alignof(T) == 0;
}

template <typename Sequence, typename T>
struct SequenceCodec {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<T, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const Sequence& values) {
        const Encoder::Level<Sequence> level(encoder);
        encoder.put_count(values.size());
        for (const T& value : values) {
            Codec<T>::encode(encoder, value);
        }
    }

    static void decode(Decoder& decoder, Sequence& values) {
        const Decoder::Level<Sequence> level(decoder);
        const std::size_t count = decoder.take_count<Sequence>();
        values.clear();
        if constexpr (requires { values.reserve(count); }) {
            values.reserve(std::min(count, kReserveBytes / sizeof(T)));
        }
        for (std::size_t i = 0; i != count; ++i) {
            Codec<T>::decode(decoder, values.emplace_back());
        }
    }
};

template <typename T, typename Allocator>
struct Codec<std::vector<T, Allocator>> : SequenceCodec<std::vector<T, Allocator>, T> {
    using Vector = std::vector<T, Allocator>;
    using Elements = SequenceCodec<Vector, T>;

    static void encode(Encoder& encoder, const Vector& values) {
        if constexpr (Codec<T>::kBlock) {
            encode_block(encoder, values.data(), values.size());
        } else {
            Elements::encode(encoder, values);
        }
    }

    static void decode(Decoder& decoder, Vector& values) {
        if constexpr (!Codec<T>::kBlock) {
            Elements::decode(decoder, values);
        } else {
            std::size_t count = 0;
            const std::byte* bytes = take_block<Vector, T>(decoder, count);
            if (is_aligned_for<T>(bytes)) {
                // Not resize() and memcpy(): that would write the memory twice.
                const T* first = reinterpret_cast<const T*>(bytes);
                values.assign(first, first + count);
            } else {
                values.resize(count);
                std::memcpy(values.data(), bytes, count * sizeof(T));
            }
        }
    }
};

template <typename Allocator>
struct Codec<std::vector<bool, Allocator>> : LeafCodec {
    using Vector = std::vector<bool, Allocator>;

    static void encode(Encoder& encoder, const Vector& values) {
        encoder.put_count(values.size());
        for (const bool value : values) {
            Codec<bool>::encode(encoder, value);
        }
    }

    static void decode(Decoder& decoder, Vector& values) {
        const std::size_t count = decoder.take_count<Vector>();
        values.clear();
        values.reserve(count);
        for (std::size_t i = 0; i != count; ++i) {
            bool value = false;
            Codec<bool>::decode(decoder, value);
            values.push_back(value);
        }
    }
};

template <typename T, typename Allocator>
struct Codec<std::deque<T, Allocator>> : SequenceCodec<std::deque<T, Allocator>, T> {};

template <typename T, typename Allocator>
struct Codec<std::list<T, Allocator>> : SequenceCodec<std::list<T, Allocator>, T> {};

/// Encodes like a vector. Decoded only as an argument: see Argument.
template <typename T, std::size_t kExtent>
struct Codec<std::span<T, kExtent>> {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kWay == Direction::kEncode && kSupported<std::remove_const_t<T>, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const std::span<T, kExtent>& values) {
        if constexpr (Codec<std::remove_const_t<T>>::kBlock) {
            encode_block(encoder, values.data(), values.size());
        } else {
            SequenceCodec<std::span<T, kExtent>, std::remove_const_t<T>>::encode(encoder, values);
        }
    }
};

template <typename T, std::size_t kSize>
struct FixedArrayCodec {
    static constexpr bool kBlock = Codec<T>::kBlock;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<T, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const T (&values)[kSize]) {
        if constexpr (kBlock) {
            encoder.put(values);
        } else {
            for (const T& value : values) {
                Codec<T>::encode(encoder, value);
            }
        }
    }

    static void decode(Decoder& decoder, T (&values)[kSize]) {
        if constexpr (kBlock) {
            std::memcpy(values, decoder.take<T[kSize]>(sizeof(values)), sizeof(values));
        } else {
            for (T& value : values) {
                Codec<T>::decode(decoder, value);
            }
        }
    }
};

template <typename T, std::size_t kSize>
struct Codec<T[kSize]> : FixedArrayCodec<T, kSize> {};

template <typename T, std::size_t kSize>
struct Codec<std::array<T, kSize>> {
    using Array = std::array<T, kSize>;

    static constexpr bool kBlock = Codec<T>::kBlock && sizeof(Array) == kSize * sizeof(T);

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<T, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const Array& values) {
        if constexpr (kBlock) {
            encoder.put(values);
        } else {
            for (const T& value : values) {
                Codec<T>::encode(encoder, value);
            }
        }
    }

    static void decode(Decoder& decoder, Array& values) {
        if constexpr (kBlock) {
            BlockCodec<Array>::decode(decoder, values);
        } else {
            for (T& value : values) {
                Codec<T>::decode(decoder, value);
            }
        }
    }
};

template <typename T>
struct Codec<std::array<T, 0>> : EmptyCodec<std::array<T, 0>> {};

}  // namespace aiomisc::ipc::detail
