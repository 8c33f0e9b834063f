// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/type_codec.h>

#include <cfloat>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <ratio>
#include <type_traits>

namespace aiomisc::ipc::detail {

template <typename T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// The type a scalar has on the wire.
template <typename T>
struct WireScalar {
    using Type = T;
};

template <typename T>
    requires std::is_enum_v<T>
struct WireScalar<T> {
    using Type = std::underlying_type_t<T>;
};

/// The bytes of a T that carry its value: the x87 long double is ten bytes in a room of sixteen,
/// and what lies in the other six must not leave the process.
template <typename T>
inline constexpr std::size_t kValueBytes =
    std::is_same_v<T, long double> && LDBL_MANT_DIG == 64 ? 10 : sizeof(T);

template <Scalar T>
struct FallbackCodec<T> : LeafCodec {
    using Wire = typename WireScalar<T>::Type;

    // Any bits are a valid number; only 0 and 1 are a valid bool.
    static constexpr bool kBlock = !std::is_same_v<Wire, bool> && kValueBytes<T> == sizeof(T);

    static void encode(Encoder& encoder, const T& value) {
        if constexpr (kValueBytes<T> != sizeof(T)) {
            encoder.put_bytes(&value, kValueBytes<T>);
        } else {
            encoder.put(value);
        }
    }

    static void decode(Decoder& decoder, T& value) {
        if constexpr (std::is_same_v<Wire, bool>) {
            const auto byte = decoder.take_scalar<T, unsigned char>();
            if (byte > 1) [[unlikely]] {
                decoder.fail<T>("is neither true nor false");
            }
            value = static_cast<T>(byte != 0);
        } else if constexpr (kValueBytes<T> != sizeof(T)) {
            value = T{};
            std::memcpy(&value, decoder.take<T>(kValueBytes<T>), kValueBytes<T>);
        } else {
            value = static_cast<T>(decoder.take_scalar<T, Wire>());
        }
    }
};

template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> {
    using Duration = std::chrono::duration<Rep, Period>;

    static constexpr bool kBlock = Codec<Rep>::kBlock && sizeof(Duration) == sizeof(Rep);

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<Rep, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const Duration& value) {
        Codec<Rep>::encode(encoder, value.count());
    }

    static void decode(Decoder& decoder, Duration& value) {
        Rep count{};
        Codec<Rep>::decode(decoder, count);
        value = Duration(count);
    }
};

template <typename Clock, typename Duration>
struct Codec<std::chrono::time_point<Clock, Duration>> {
    using TimePoint = std::chrono::time_point<Clock, Duration>;

    static constexpr bool kBlock = Codec<Duration>::kBlock && sizeof(TimePoint) == sizeof(Duration);

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        return kSupported<Duration, kWay, Outer...>;
    }

    static void encode(Encoder& encoder, const TimePoint& value) {
        Codec<Duration>::encode(encoder, value.time_since_epoch());
    }

    static void decode(Decoder& decoder, TimePoint& value) {
        Duration since_epoch{};
        Codec<Duration>::decode(decoder, since_epoch);
        value = TimePoint(since_epoch);
    }
};

}  // namespace aiomisc::ipc::detail
