// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/codec.h>
#include <aiomisc/ipc/codec/decoder.h>
#include <aiomisc/ipc/codec/encoder.h>
#include <aiomisc/runtime/base/error.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <typeinfo>

namespace aiomisc::ipc::detail {

namespace {

/// The name a user would write.
std::string type_name(const std::type_info& type) {
    static const std::string long_name = demangle(typeid(std::string).name());
    std::string name = demangle(type.name());
    for (std::size_t at = name.find(long_name); at != std::string::npos;
         at = name.find(long_name, at)) {
        name.replace(at, long_name.size(), "std::string");
    }
    return name;
}

std::string argument_prefix(unsigned argument) {
    return argument == 0 ? std::string() : "argument " + std::to_string(argument) + ", ";
}

std::string bytes_left(DecoderPosition position) {
    return std::to_string(position.size - position.offset) + " bytes are left";
}

}  // namespace

void fail_encoding(const std::type_info& type, unsigned argument, std::string_view problem) {
    throw EncodeError(
        "cannot encode " + argument_prefix(argument) + type_name(type) + ": " +
        std::string(problem));
}

void fail_decoding(const std::type_info& type, DecoderPosition position, std::string_view problem) {
    std::string subject = argument_prefix(position.argument);
    if (position.whole != nullptr && *position.whole != type) {
        subject += type_name(*position.whole) + ", ";
    }
    throw EncodeError(
        "cannot decode " + subject + type_name(type) + " at byte " +
        std::to_string(position.offset) + " of " + std::to_string(position.size) + ": " +
        std::string(problem));
}

void fail_truncated(const std::type_info& type, DecoderPosition position, std::size_t needed) {
    fail_decoding(
        type, position, "needs " + std::to_string(needed) + " bytes, but " + bytes_left(position));
}

void fail_count(const std::type_info& type, DecoderPosition position, std::uint64_t count) {
    fail_decoding(
        type,
        position,
        "claims " + std::to_string(count) + " elements, but " + bytes_left(position));
}

void fail_trailing(DecoderPosition position) {
    std::string subject = position.whole == nullptr ? "arguments" : type_name(*position.whole);
    throw EncodeError(
        "cannot decode " + subject + ": " + bytes_left(position) + " behind the last value");
}

void fail_from_current_exception(std::string_view verb, unsigned argument) {
    try {
        throw;
    } catch (const EncodeError&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        // From a serialize() of the user, or from cereal.
        std::string text = "cannot " + std::string(verb);
        text += argument == 0 ? std::string(" a value") : " argument " + std::to_string(argument);
        std::throw_with_nested(
            EncodeError(text + ": " + describe_exception(std::current_exception())));
    }
}

}  // namespace aiomisc::ipc::detail
