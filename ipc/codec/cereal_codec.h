// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/cereal_archive.h>
#include <aiomisc/ipc/codec/text_codec.h>
#include <aiomisc/ipc/codec/type_codec.h>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace aiomisc::ipc::detail {

template <typename T>
inline constexpr bool kHasCerealSave =
    cereal::traits::is_output_serializable<T, EncodingArchive>::value;

template <typename T>
inline constexpr bool kHasCerealLoad =
    cereal::traits::is_input_serializable<T, DecodingArchive>::value;

/// A class that has cereal functions of its own, or borrows those of a cereal/types header.
template <typename T>
concept CerealClass = (std::is_class_v<T> || std::is_union_v<T>) && !PathLike<T> &&
                      (kHasCerealSave<T> || kHasCerealLoad<T>);

/// What save_minimal() returns for a T, or void if there is none.
template <typename T>
consteval auto minimal_type() {
    using cereal::traits::has_member_save_minimal;
    using cereal::traits::has_non_member_save_minimal;
    if constexpr (has_member_save_minimal<T, EncodingArchive>::value) {
        return std::type_identity<decltype(cereal::access::member_save_minimal(
            std::declval<const EncodingArchive&>(), std::declval<const T&>()))>();
    } else if constexpr (has_non_member_save_minimal<T, EncodingArchive>::value) {
        return std::type_identity<decltype(CEREAL_SAVE_MINIMAL_FUNCTION_NAME(
            std::declval<const EncodingArchive&>(), std::declval<const T&>()))>();
    } else {
        return std::type_identity<void>();
    }
}

template <CerealClass T>
struct FallbackCodec<T> {
    static constexpr bool kBlock = false;
    using Minimal = std::remove_cvref_t<typename decltype(minimal_type<T>())::type>;

    template <Direction kWay, typename...>
    static consteval bool supported() {
        return kWay == Direction::kEncode ? kHasCerealSave<T> : kHasCerealLoad<T>;
    }

    static void encode(Encoder& encoder, const T& value) {
        const Encoder::Level<T> level(encoder);
        auto& archive = encoder.archive<EncodingArchive>();
        // A serialize() that writes nothing is legal; a value without bytes is not: see Encoder.
        encoder.put(std::byte{0});
        if constexpr (std::is_void_v<Minimal>) {
            archive.put_class(value);
        } else if constexpr (cereal::traits::has_member_save_minimal<T, EncodingArchive>::value) {
            archive(cereal::access::member_save_minimal(archive, value));
        } else {
            archive(CEREAL_SAVE_MINIMAL_FUNCTION_NAME(archive, value));
        }
    }

    static void decode(Decoder& decoder, T& value) {
        const Decoder::Level<T> level(decoder);
        auto& archive = decoder.archive<DecodingArchive>();
        static_cast<void>(decoder.take<T>(1));
        if constexpr (std::is_void_v<Minimal>) {
            archive.take_class(value);
        } else {
            Minimal minimal{};
            archive(minimal);
            if constexpr (cereal::traits::has_member_save_minimal<T, EncodingArchive>::value) {
                cereal::access::member_load_minimal(archive, value, minimal);
            } else {
                CEREAL_LOAD_MINIMAL_FUNCTION_NAME(archive, value, minimal);
            }
        }
    }
};

}  // namespace aiomisc::ipc::detail
