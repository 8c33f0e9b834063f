// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/composite_codec.h>
#include <aiomisc/ipc/codec/type_codec.h>

#include <cstddef>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace aiomisc::ipc::detail {

/// Sets and maps. `Element` is what is decoded: the value_type without its const.
template <typename Container, typename Element>
struct AssociativeCodec {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<Element, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const Container& values) {
        const Encoder::Level<Container> level(encoder);
        encoder.put_count(values.size());
        for (const auto& value : values) {
            Codec<typename Container::value_type>::encode(encoder, value);
        }
    }

    static void decode(Decoder& decoder, Container& values) {
        const Decoder::Level<Container> level(decoder);
        const std::size_t count = decoder.take_count<Container>();
        values.clear();
        for (std::size_t i = 0; i != count; ++i) {
            Element element{};
            Codec<Element>::decode(decoder, element);
            values.insert(values.end(), std::move(element));
        }
        if (values.size() != count) [[unlikely]] {
            decoder.fail<Container>("has a key twice");
        }
    }
};

template <typename K, typename V, typename... Rest>
struct Codec<std::map<K, V, Rest...>> : AssociativeCodec<std::map<K, V, Rest...>, std::pair<K, V>> {
};

template <typename K, typename V, typename... Rest>
struct Codec<std::multimap<K, V, Rest...>>
    : AssociativeCodec<std::multimap<K, V, Rest...>, std::pair<K, V>> {};

template <typename K, typename V, typename... Rest>
struct Codec<std::unordered_map<K, V, Rest...>>
    : AssociativeCodec<std::unordered_map<K, V, Rest...>, std::pair<K, V>> {};

template <typename K, typename V, typename... Rest>
struct Codec<std::unordered_multimap<K, V, Rest...>>
    : AssociativeCodec<std::unordered_multimap<K, V, Rest...>, std::pair<K, V>> {};

template <typename K, typename... Rest>
struct Codec<std::set<K, Rest...>> : AssociativeCodec<std::set<K, Rest...>, K> {};

template <typename K, typename... Rest>
struct Codec<std::multiset<K, Rest...>> : AssociativeCodec<std::multiset<K, Rest...>, K> {};

template <typename K, typename... Rest>
struct Codec<std::unordered_set<K, Rest...>> : AssociativeCodec<std::unordered_set<K, Rest...>, K> {
};

template <typename K, typename... Rest>
struct Codec<std::unordered_multiset<K, Rest...>>
    : AssociativeCodec<std::unordered_multiset<K, Rest...>, K> {};

}  // namespace aiomisc::ipc::detail
