// SPDX-License-Identifier: MIT

// Cuts arbitrary bytes into messages: the first byte says how many of them come at a time. However
// they are cut, the same messages must come out, and the same bytes must be refused.

#include <aiomisc/ipc/stream/frame.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <capnp/any.h>

namespace {

using aiomisc::ipc::FrameDecoder;
using aiomisc::ipc::StreamLimits;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// What came of the bytes: the contents of the messages, and how it ended.
struct Outcome {
    std::vector<std::string> messages;
    bool refused = false;
    bool in_message = false;
};

/// Walks through everything that a message points to: what must not crash in whoever reads it.
void walk(capnp::MessageReader& message) {
    try {
        const auto size = message.getRoot<capnp::AnyPointer>().targetSize();
        require(size.wordCount <= std::uint64_t{1} << 40);
    } catch (const kj::Exception&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
    }
}

std::string content_of(capnp::MessageReader& message) {
    std::string content;
    for (unsigned id = 0;; ++id) {
        const auto segment = message.getSegment(id);
        if (segment.begin() == nullptr && segment.size() == 0) {
            return content;
        }
        const auto bytes = segment.asBytes();
        content.append(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
        content.push_back('|');
    }
}

Outcome decode(const std::uint8_t* data, std::size_t size, std::size_t step) {
    Outcome outcome;
    FrameDecoder decoder(StreamLimits{.max_message_bytes = 4096, .max_segments = 16});
    try {
        while (size > 0) {
            auto space = decoder.space();
            const std::size_t count = std::min({step, size, space.size()});
            require(count > 0);
            std::memcpy(space.begin(), data, count);
            data += count;
            size -= count;
            decoder.filled(count, {});
            while (decoder.has_message()) {
                auto message = decoder.take({.traversalLimitInWords = 4096});
                outcome.messages.push_back(content_of(*message));
                walk(*message);
            }
        }
        outcome.in_message = decoder.in_message();
    } catch (const kj::Exception&) {
        outcome.refused = true;
    }
    return outcome;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer asks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Outcome in_pieces = decode(data + 1, size - 1, data[0] % 32 + 1);
    const Outcome at_once = decode(data + 1, size - 1, size);
    require(in_pieces.refused == at_once.refused);
    require(in_pieces.in_message == at_once.in_message);
    // A message is not handed out any more when what follows it in the same read is refused.
    require(in_pieces.messages.size() >= at_once.messages.size());
    require(
        std::equal(at_once.messages.begin(), at_once.messages.end(), in_pieces.messages.begin()));
    return 0;
}
