// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/aggregate_codec.h>
#include <aiomisc/ipc/codec/associative_codec.h>
#include <aiomisc/ipc/codec/buffer.h>
#include <aiomisc/ipc/codec/cereal_codec.h>
#include <aiomisc/ipc/codec/composite_codec.h>
#include <aiomisc/ipc/codec/container_codec.h>
#include <aiomisc/ipc/codec/decoder.h>
#include <aiomisc/ipc/codec/encoder.h>
#include <aiomisc/ipc/codec/pointer_codec.h>
#include <aiomisc/ipc/codec/scalar_codec.h>
#include <aiomisc/ipc/codec/text_codec.h>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace aiomisc::ipc {

/// A type whose values can be sent to another process of the same build.
///
/// Arithmetic types, enums, strings and views of them, std::vector, array, deque, list, span,
/// (unordered, multi) map and set, optional, variant, tuple, pair, chrono durations and time
/// points, filesystem::path, unique_ptr and shared_ptr to such types, plain aggregates of such
/// members without any code, and types with cereal functions.
template <typename T>
concept Encodable = detail::Codec<T>::template supported<detail::Direction::kEncode>();

/// A type whose values can be received: Encodable, default-constructible, and the owner of what it
/// holds.
template <typename T>
concept Decodable = detail::kSupported<T, detail::Direction::kDecode>;

namespace detail {

/// Fails to compile with an explanation if a T cannot be sent.
template <typename T>
consteval void require_encodable() {
    static_assert(
        Encodable<T>,
        "this type cannot travel to another process. Make it a plain aggregate (a struct with "
        "public "
        "members only, no base class, no constructor, no C array) of types that can, or give it a "
        "cereal "
        "function: template <class Archive> void serialize(Archive& archive) { archive(a, b); }. "
        "Raw pointers, references and pointers to polymorphic bases cannot travel at all");
}

/// Fails to compile with an explanation if a T cannot be received.
template <typename T>
consteval void require_decodable() {
    static_assert(
        Decodable<T>,
        "this type cannot be received from another process. It must own what it holds "
        "(std::string, not "
        "std::string_view), have a public default constructor, and be a plain aggregate of such "
        "types or "
        "have a cereal function: template <class Archive> void serialize(Archive& archive) "
        "{ archive(a, b); }");
}

/// Turns the exception being handled into an EncodeError, unless it is one or the memory ran out.
[[noreturn]] void fail_from_current_exception(std::string_view verb, unsigned argument);

template <typename T>
void encode_value(Encoder& encoder, const T& value) {
    require_encodable<T>();
    encoder.encode(value);
}

/// A character array means the text in it.
template <std::size_t kSize>
void encode_value(Encoder& encoder, const char (&text)[kSize]) {
    encoder.encode(std::string_view(text, ::strnlen(text, kSize)));
}

/// Runs `write` with an encoder into `sink`.
template <typename Write>
void encode_with(Sink& sink, const Write& write) {
    Encoder encoder(sink);
    try {
        write(encoder);
    } catch (...) {
        fail_from_current_exception("encode", encoder.argument());
    }
}

/// The same, and takes back what was written if it fails.
template <typename Write>
void encode_or_restore(Buffer& buffer, const Write& write) {
    const std::size_t before = buffer.size();
    try {
        encode_with(buffer, write);
    } catch (...) {
        buffer.truncate(before);
        throw;
    }
}

}  // namespace detail

/// Appends the values to `buffer`. decode() and decode_arguments() want them alone in their input.
///
/// Errors:    EncodeError (a null `const char*`, a valueless variant, nesting, a throwing
/// serialize()),
///            PayloadTooLarge (the limit of the buffer). The buffer keeps what it held before.
template <typename... Ts>
void encode(Buffer& buffer, const Ts&... values) {
    detail::encode_or_restore(
        buffer, [&](Encoder& encoder) { (detail::encode_value(encoder, values), ...); });
}

/// Writes the values into `area`, and returns whether they fit. If not, area.required_size() says
/// what a Buffer should reserve.
///
/// Errors:    EncodeError, as above.
template <typename... Ts>
[[nodiscard]] bool encode(FixedArea& area, const Ts&... values) {
    detail::encode_with(
        area, [&](Encoder& encoder) { (detail::encode_value(encoder, values), ...); });
    return !area.overflowed();
}

/// The one value in `input`, which may come from a hostile process, and may be changed by it
/// meanwhile.
///
/// Errors:    EncodeError (anything but exactly one well-formed T), std::bad_alloc.
template <typename T>
[[nodiscard]] T decode(std::span<const std::byte> input) {
    detail::require_decodable<T>();
    Decoder decoder(input);
    try {
        T value{};
        decoder.begin_value(typeid(T));
        decoder.decode(value);
        decoder.finish();
        return value;
    } catch (...) {
        detail::fail_from_current_exception("decode", 0);
    }
}

}  // namespace aiomisc::ipc
