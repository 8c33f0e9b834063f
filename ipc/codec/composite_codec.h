// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/scalar_codec.h>
#include <aiomisc/ipc/codec/type_codec.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace aiomisc::ipc::detail {

/// The members of a pair may be const: the value_type of a map is.
template <typename A, typename B>
struct Codec<std::pair<A, B>> {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<A, kWay, Outer...> && kSupported<B, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const std::pair<A, B>& value) {
        Codec<std::remove_const_t<A>>::encode(encoder, value.first);
        Codec<std::remove_const_t<B>>::encode(encoder, value.second);
    }

    static void decode(Decoder& decoder, std::pair<A, B>& value) {
        Codec<A>::decode(decoder, value.first);
        Codec<B>::decode(decoder, value.second);
    }
};

template <typename... Ts>
struct Codec<std::tuple<Ts...>> {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return (kSupported<Ts, kWay, Outer...> && ...);
    }

    static void encode(Encoder& encoder, const std::tuple<Ts...>& value) {
        std::apply(
            [&](const Ts&... members) { (Codec<Ts>::encode(encoder, members), ...); }, value);
    }

    static void decode(Decoder& decoder, std::tuple<Ts...>& value) {
        std::apply([&](Ts&... members) { (Codec<Ts>::decode(decoder, members), ...); }, value);
    }
};

template <>
struct Codec<std::tuple<>> : EmptyCodec<std::tuple<>> {};

template <>
struct Codec<std::monostate> : EmptyCodec<std::monostate> {};

template <typename T>
struct Codec<std::optional<T>> {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<T, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const std::optional<T>& value) {
        Codec<bool>::encode(encoder, value.has_value());
        if (value) {
            Codec<T>::encode(encoder, *value);
        }
    }

    static void decode(Decoder& decoder, std::optional<T>& value) {
        bool present = false;
        Codec<bool>::decode(decoder, present);
        if (present) {
            Codec<T>::decode(decoder, value.emplace());
        } else {
            value.reset();
        }
    }
};

template <typename... Ts>
struct Codec<std::variant<Ts...>> {
    using Variant = std::variant<Ts...>;
    using Index = std::conditional_t<(sizeof...(Ts) < 256), std::uint8_t, std::uint32_t>;

    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return (kSupported<Ts, kWay, Outer...> && ...);
    }

    static void encode(Encoder& encoder, const Variant& value) {
        if (value.valueless_by_exception()) [[unlikely]] {
            encoder.fail<Variant>("is valueless");
        }
        encoder.put(static_cast<Index>(value.index()));
        std::visit(
            [&]<typename T>(const T& alternative) { Codec<T>::encode(encoder, alternative); },
            value);
    }

    static void decode(Decoder& decoder, Variant& value) {
        const std::size_t index = decoder.take_scalar<Variant, Index>();
        if (!decode_alternative(decoder, value, index, std::index_sequence_for<Ts...>())) {
            decoder.fail<Variant>("has no alternative " + std::to_string(index));
        }
    }

private:
    template <std::size_t... kIndexes>
    static bool decode_alternative(
        Decoder& decoder, Variant& value, std::size_t index, std::index_sequence<kIndexes...>) {
        return (
            (index == kIndexes &&
             (Codec<Ts>::decode(decoder, value.template emplace<kIndexes>()), true)) ||
            ...);
    }
};

}  // namespace aiomisc::ipc::detail
