// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/type_codec.h>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace aiomisc::ipc::detail {

template <typename Char>
void encode_text(Encoder& encoder, const Char* text, std::size_t size) {
    encoder.put_count(size);
    encoder.put_bytes(text, size * sizeof(Char));
}

template <typename Char, typename Traits, typename Allocator>
struct Codec<std::basic_string<Char, Traits, Allocator>> : LeafCodec {
    using String = std::basic_string<Char, Traits, Allocator>;

    static void encode(Encoder& encoder, const String& value) {
        encode_text(encoder, value.data(), value.size());
    }

    static void decode(Decoder& decoder, String& value) {
        const std::size_t size = decoder.take_count<String>(sizeof(Char));
        const std::byte* bytes = decoder.take<String>(size * sizeof(Char));
        if constexpr (sizeof(Char) == 1) {
            value.assign(reinterpret_cast<const Char*>(bytes), size);
        } else {
            value.resize(size);
            std::memcpy(value.data(), bytes, size * sizeof(Char));
        }
    }
};

/// Encodes like a string. Decoded only as an argument, as a view of the encoded bytes: see
/// Argument.
template <typename Char, typename Traits>
struct Codec<std::basic_string_view<Char, Traits>> {
    using View = std::basic_string_view<Char, Traits>;

    static constexpr bool kBlock = false;

    template <Direction kWay, typename...>
    static consteval bool supported() {
        return kWay == Direction::kEncode;
    }

    static void encode(Encoder& encoder, const View& value) {
        encode_text(encoder, value.data(), value.size());
    }

    static void decode(Decoder& decoder, View& value) {
        static_assert(sizeof(Char) == 1, "wider text may lie unaligned in the input");
        const std::size_t size = decoder.take_count<View>();
        value = View(reinterpret_cast<const Char*>(decoder.take<View>(size)), size);
    }
};

/// Encodes like a string.
template <>
struct Codec<const char*> {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename...>
    static consteval bool supported() {
        return kWay == Direction::kEncode;
    }

    static void encode(Encoder& encoder, const char* value) {
        if (value == nullptr) {
            encoder.fail<const char*>("is a null pointer");
        }
        encode_text(encoder, value, std::strlen(value));
    }
};

template <>
struct Codec<char*> : Codec<const char*> {};

/// std::filesystem::path, recognized by its shape: <filesystem> is costly to include for those who
/// do not pass any.
template <typename T>
concept PathLike = requires(const T& path) {
    typename T::string_type;
    T::preferred_separator;
    { path.native() } -> std::same_as<const typename T::string_type&>;
};

template <PathLike T>
struct FallbackCodec<T> : LeafCodec {
    using String = typename T::string_type;

    static void encode(Encoder& encoder, const T& value) {
        Codec<String>::encode(encoder, value.native());
    }

    static void decode(Decoder& decoder, T& value) {
        String text;
        Codec<String>::decode(decoder, text);
        value = T(std::move(text));
    }
};

}  // namespace aiomisc::ipc::detail
