// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/codec.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace aiomisc::ipc {

/// What a `const char*` parameter is decoded into.
struct CStringArgument {
    std::string text;

    operator const char*()
        const noexcept {  // NOLINT(google-explicit-constructor): stands in for one
        return text.c_str();
    }
};

/// What a `std::span<const T>` parameter is decoded into: a view of the encoded bytes where they
/// can serve as Ts, otherwise a copy.
template <typename T>
class SpanArgument {
public:
    SpanArgument() = default;
    SpanArgument(SpanArgument&&) noexcept = default;
    SpanArgument& operator=(SpanArgument&&) noexcept = default;
    SpanArgument(const SpanArgument&) = delete;  // a copy would view the elements of the original
    SpanArgument& operator=(const SpanArgument&) = delete;
    ~SpanArgument() = default;

    explicit SpanArgument(std::span<const T> view) noexcept : view_(view) {}

    explicit SpanArgument(std::vector<T> copy) noexcept : copy_(std::move(copy)), view_(copy_) {}

    operator std::span<const T>() const noexcept {
        return view_;
    }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] std::span<const T> view() const noexcept { return view_; }

private:
    std::vector<T> copy_;
    std::span<const T> view_;  // moving copy_ moves its elements along, so this stays valid
};

namespace detail {

template <typename T>
struct ArgumentOf {
    using Type = T;
    static constexpr bool kDecodable = Decodable<T>;
};

template <typename Traits>
struct ArgumentOf<std::basic_string_view<char, Traits>> {
    using Type = std::basic_string_view<char, Traits>;
    static constexpr bool kDecodable = true;
};

template <>
struct ArgumentOf<const char*> {
    using Type = CStringArgument;
    static constexpr bool kDecodable = true;
};

template <typename T>
struct ArgumentOf<std::span<const T>> {
    using Type = SpanArgument<T>;
    // A std::vector<bool> has no memory to view.
    static constexpr bool kDecodable = Decodable<T> && !std::is_same_v<T, bool>;
};

template <>
struct Codec<CStringArgument> : LeafCodec {
    static void decode(Decoder& decoder, CStringArgument& value) {
        Codec<std::string>::decode(decoder, value.text);
    }
};

template <typename T>
struct Codec<SpanArgument<T>> : LeafCodec {
    static void decode(Decoder& decoder, SpanArgument<T>& value) {
        if constexpr (Codec<T>::kBlock) {
            std::size_t count = 0;
            const std::byte* bytes = take_block<std::span<const T>, T>(decoder, count);
            if (is_aligned_for<T>(bytes)) {
                value = SpanArgument<T>(std::span(reinterpret_cast<const T*>(bytes), count));
            } else {
                std::vector<T> copy(count);
                std::memcpy(copy.data(), bytes, count * sizeof(T));
                value = SpanArgument<T>(std::move(copy));
            }
        } else {
            std::vector<T> copy;
            Codec<std::vector<T>>::decode(decoder, copy);
            value = SpanArgument<T>(std::move(copy));
        }
    }
};

/// A parameter that is sent as text.
template <typename T>
inline constexpr bool kTextParameter =
    std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view> ||
    std::is_same_v<T, const char*> || PathLike<T>;

/// Encodes `argument` the way a parameter of type `Target` wants it.
template <typename Target, typename Source>
void encode_as(Encoder& encoder, Source&& argument) {
    using Given = std::remove_cvref_t<Source>;
    require_encodable<Target>();
    if constexpr (std::is_same_v<Target, Given>) {
        encoder.encode(std::as_const(argument));
    } else if constexpr (
        kTextParameter<Target> &&
        (std::is_same_v<Given, const char*> || std::is_same_v<Given, char*>)) {
        encoder.encode<const char*>(argument);  // which checks for null
    } else if constexpr (
        kTextParameter<Target> && std::is_convertible_v<const Given&, std::string_view>) {
        // All of these look alike on the wire, so no string is made from a literal only to be
        // copied.
        encoder.encode(std::string_view(std::as_const(argument)));
    } else {
        static_assert(
            std::is_convertible_v<Source, Target>,
            "an argument of the call cannot be converted to the type of the parameter");
        encoder.encode<Target>(static_cast<Target>(std::forward<Source>(argument)));
    }
}

template <typename... Parameters, typename... Arguments>
void encode_all_as(Encoder& encoder, Arguments&&... arguments) {
    static_assert(
        sizeof...(Parameters) == sizeof...(Arguments),
        "the call has more or fewer arguments than the function has parameters");
    unsigned number = 0;
    ((encoder.begin_argument(++number),
      encode_as<std::decay_t<Parameters>>(encoder, std::forward<Arguments>(arguments))),
     ...);
}

}  // namespace detail

/// The type an argument for a parameter declared as `Parameter` is decoded into.
template <typename Parameter>
using Argument = typename detail::ArgumentOf<std::decay_t<Parameter>>::Type;

/// The arguments of a call to a function with these parameters, as the callee holds them.
template <typename... Parameters>
using Arguments = std::tuple<Argument<Parameters>...>;

/// A type a function called in another process may have as a parameter: any Decodable by value or
/// by reference, and std::string_view, const char* and std::span<const T>, which see the encoded
/// bytes.
template <typename Parameter>
concept DecodableArgument = detail::ArgumentOf<std::decay_t<Parameter>>::kDecodable;

namespace detail {

/// Fails to compile with an explanation if a function with such a parameter cannot be called from
/// another process.
template <typename Parameter>
consteval void require_decodable_argument() {
    static_assert(
        DecodableArgument<Parameter>,
        "a function called in another process has a parameter that cannot travel. By value or by "
        "reference it may take plain aggregates, types with a cereal serialize(), strings, "
        "containers and "
        "numbers, and also std::string_view, const char* and std::span<const T>; no other "
        "pointers");
}

}  // namespace detail

/// Appends the arguments of a call, each converted to its parameter as in a direct call.
///
/// Errors:    as encode(); the message names the argument by its number.
template <typename... Parameters, typename... Values>
void encode_arguments(Buffer& buffer, Values&&... values) {
    detail::encode_or_restore(buffer, [&](Encoder& encoder) {
        detail::encode_all_as<Parameters...>(encoder, std::forward<Values>(values)...);
    });
}

/// The arguments in `input`. The views among them point into `input`, which must outlive the call
/// and must not change meanwhile.
///
/// Params:    `Tuple` is Arguments<Parameters...>.
/// Errors:    EncodeError (anything but exactly these arguments, well-formed; the message names the
///            argument by its number), std::bad_alloc.
template <typename Tuple>
[[nodiscard]] Tuple decode_arguments(std::span<const std::byte> input) {
    Decoder decoder(input);
    try {
        Tuple arguments;
        std::apply(
            [&decoder](auto&... argument) {
                unsigned number = 0;
                ((decoder.begin_argument(++number), decoder.decode(argument)), ...);
            },
            arguments);
        decoder.begin_argument(0);
        decoder.finish();
        return arguments;
    } catch (...) {
        detail::fail_from_current_exception("decode", decoder.argument());
    }
}

/// Calls `function`, which has these parameters, with decoded arguments. A parameter that is a
/// reference to non-const refers into `arguments`; the others may move from it.
template <typename... Parameters, typename Function>
decltype(auto) call_with(Function&& function, Arguments<Parameters...>& arguments) {
    (detail::require_decodable_argument<Parameters>(), ...);
    return [&]<std::size_t... kIndexes>(std::index_sequence<kIndexes...>) -> decltype(auto) {
        return std::forward<Function>(function)(
            static_cast<std::conditional_t<
                std::is_lvalue_reference_v<Parameters>,
                Argument<Parameters>&,
                Argument<Parameters>&&>>(std::get<kIndexes>(arguments))...);
    }(std::index_sequence_for<Parameters...>());
}

}  // namespace aiomisc::ipc
