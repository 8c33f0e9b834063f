// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/cereal_codec.h>
#include <aiomisc/ipc/codec/text_codec.h>
#include <aiomisc/ipc/codec/type_codec.h>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>

namespace aiomisc::ipc::detail {

/// A class that is nothing but its public members, and says nothing about how to serialize it.
template <typename T>
concept PlainAggregate =
    std::is_class_v<T> && std::is_aggregate_v<T> && !CerealClass<T> && !PathLike<T>;

template <PlainAggregate T>
    requires(!std::is_empty_v<T>)
struct FallbackCodec<T> {
    using Members = std::make_index_sequence<boost::pfr::tuple_size_v<T>>;

    template <std::size_t kIndex>
    using Member = boost::pfr::tuple_element_t<kIndex, T>;

    template <std::size_t... kIndexes>
    static consteval bool is_block(std::index_sequence<kIndexes...>) {
        if constexpr (std::is_trivially_copyable_v<T>) {
            // Padding is no value: it may hold what was in that memory before.
            return (Codec<Member<kIndexes>>::kBlock && ...) &&
                   (sizeof(Member<kIndexes>) + ... + 0) == sizeof(T);
        }
        return false;
    }

    static constexpr bool kBlock = is_block(Members());

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        if constexpr ((std::same_as<T, Outer> || ...)) {
            return true;
        } else {
            return []<std::size_t... kIndexes>(std::index_sequence<kIndexes...>) {
                return (kSupported<Member<kIndexes>, kWay, T, Outer...> && ...);
            }(Members());
        }
    }

    static void encode(Encoder& encoder, const T& value) {
        if constexpr (kBlock) {
            encoder.put(value);
        } else {
            boost::pfr::for_each_field(value, [&encoder]<typename M>(const M& member) {
                Codec<M>::encode(encoder, member);
            });
        }
    }

    static void decode(Decoder& decoder, T& value) {
        if constexpr (kBlock) {
            BlockCodec<T>::decode(decoder, value);
        } else {
            boost::pfr::for_each_field(
                value, [&decoder]<typename M>(M& member) { Codec<M>::decode(decoder, member); });
        }
    }
};

template <PlainAggregate T>
    requires std::is_empty_v<T>
struct FallbackCodec<T> : EmptyCodec<T> {};

}  // namespace aiomisc::ipc::detail
