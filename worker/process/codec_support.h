// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/schema/capnp_compat.h>
#include <aiomisc/ipc/schema/control.capnp.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/control_messages.h>

#include <cstring>
#include <optional>
#include <string>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

// Shared by the codecs of the control messages; the only headers that bring Cap'n Proto into this
// folder.
namespace aiomisc::process::detail {

/// One encoded message, filled by `fill(Root::Builder)`.
template <typename Root, typename Fill>
std::vector<std::byte> encode_message(Fill&& fill) {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<Root>());
    const kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    std::vector<std::byte> body(bytes.size());
    std::memcpy(body.data(), bytes.begin(), bytes.size());
    return body;
}

/// What `read(Root::Reader)` makes of an encoded message. Whatever Cap'n Proto finds wrong with the
/// bytes, at once or while they are read, becomes a ProtocolError.
template <typename Root, typename Read>
auto decode_message(std::span<const std::byte> body, Read&& read) {
    if (body.empty() || body.size() % sizeof(capnp::word) != 0) {
        throw ProtocolError("control message is not a whole number of words");
    }
    // Copied, because the caller's bytes need not be aligned.
    auto words = kj::heapArray<capnp::word>(body.size() / sizeof(capnp::word));
    std::memcpy(words.begin(), body.data(), body.size());
    try {
        capnp::ReaderOptions options;
        options.traversalLimitInWords = 2 * words.size() + 64;
        capnp::FlatArrayMessageReader reader(words, options);
        return read(reader.getRoot<Root>());
    } catch (const kj::Exception& exception) {
        throw ProtocolError(
            std::string("malformed control message: ") + exception.getDescription().cStr());
    }
}

[[noreturn]] inline void throw_unknown(const char* what) {
    throw ProtocolError(std::string("control message has an unknown ") + what);
}

inline void write_key(schema::ChildKey::Builder builder, ChildKey key) {
    builder.setId(key.id);
    builder.setGeneration(key.generation);
}

inline ChildKey read_key(schema::ChildKey::Reader reader) {
    return {.id = reader.getId(), .generation = reader.getGeneration()};
}

inline capnp::Text::Reader as_text(const std::string& text) {
    return {text.c_str(), text.size()};
}

inline std::string read_text(capnp::Text::Reader text) {
    return {text.begin(), text.size()};
}

inline capnp::Data::Reader as_data(std::string_view text) {
    return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

/// A string for the kernel, which would take it to end at a zero byte.
inline std::string read_system_string(capnp::Data::Reader data) {
    std::string text(reinterpret_cast<const char*>(data.begin()), data.size());
    if (text.find('\0') != std::string::npos) {
        throw ProtocolError("control message has a zero byte in a string for the system");
    }
    return text;
}

}  // namespace aiomisc::process::detail
