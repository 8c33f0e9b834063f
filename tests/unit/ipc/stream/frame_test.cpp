// SPDX-License-Identifier: MIT
#include "support/catch.h"
#include "unit/ipc/stream/wire.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::ipc;
using namespace aiomisc::test;

namespace {

/// Hands over the bytes, `step` of them at a time, and takes every message as it is complete.
std::vector<Message> decode(FrameDecoder& decoder, std::string_view bytes, std::size_t step) {
    std::vector<Message> messages;
    while (!bytes.empty()) {
        auto space = decoder.space();
        REQUIRE(space.size() > 0);
        const std::size_t count = std::min({step, bytes.size(), space.size()});
        std::memcpy(space.begin(), bytes.data(), count);
        bytes.remove_prefix(count);
        decoder.filled(count, {});
        while (decoder.has_message()) {
            CHECK(decoder.space().size() == 0);
            messages.push_back(copy_of(*decoder.take({})));
        }
    }
    return messages;
}

/// Whether the decoder refuses these bytes.
bool refuses(const StreamLimits& limits, const std::string& bytes) {
    FrameDecoder decoder(limits);
    try {
        decode(decoder, bytes, bytes.size());
    } catch (const kj::Exception&) {
        return true;
    }
    return false;
}

[[maybe_unused]] std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Small and large, of one segment and of many, empty ones, and some that fill the decoder's buffer
/// to the last byte or stick out of it.
std::vector<Message> many_messages() {
    std::vector<Message> messages;
    for (const std::size_t words : {0, 1, 2, 30, 8190, 8191, 8192, 8193, 20'000, 1}) {
        messages.push_back(message_of(words, words + 1));
    }
    for (const std::size_t segments : {2, 3, 17, 512}) {
        messages.push_back(message_of_segments(segments, 3));
    }
    messages.push_back(message_of_segments(3, 0));
    messages.push_back(message_of(5));
    return messages;
}

}  // namespace

TEST_CASE("messages come out as they went in, however the bytes are cut", "[F61]") {
    const std::size_t step = GENERATE(1, 3, 8, 13, 1000, 65'536, 1 << 20);
    CAPTURE(step);
    const std::vector<Message> messages = many_messages();
    std::string bytes;
    for (const Message& message : messages) {
        bytes += message.framed();
    }
    FrameDecoder decoder(StreamLimits{});
    CHECK(decode(decoder, bytes, step) == messages);
    CHECK_FALSE(decoder.in_message());
}

TEST_CASE("an end inside a message is told from one between messages", "[F60]") {
    const std::vector<Message> messages{
        message_of(4), message_of_segments(3, 2), message_of(0), message_of(20)};
    std::string bytes;
    std::vector<std::size_t> borders{0};
    for (const Message& message : messages) {
        bytes += message.framed();
        borders.push_back(bytes.size());
    }
    for (std::size_t end = 0; end <= bytes.size(); ++end) {
        CAPTURE(end);
        FrameDecoder decoder(StreamLimits{});
        const auto complete = decode(decoder, bytes.substr(0, end), 1 << 16);
        const auto border = std::ranges::upper_bound(borders, end);
        CHECK(complete.size() == static_cast<std::size_t>(border - borders.begin()) - 1);
        CHECK(decoder.in_message() == !std::ranges::binary_search(borders, end));
    }
}

TEST_CASE("a message at the limit passes, one word above is refused", "[F63]") {
    StreamLimits limits;
    limits.max_message_bytes = 100'000;
    const std::size_t words = limits.max_message_bytes / 8 - 1;  // the header takes one
    FrameDecoder decoder(limits);
    CHECK(decode(decoder, message_of(words - 1).framed(), 5000).size() == 1);
    CHECK(decode(decoder, message_of(words).framed(), 5000).size() == 1);
    CHECK(refuses(limits, message_of(words + 1).framed()));
    // All segments together count.
    CHECK(refuses(limits, message_of_segments(2, words / 2 + 1).framed()));
}

TEST_CASE("a message of too many segments is refused by its first word", "[F59]") {
    StreamLimits limits;
    CHECK_FALSE(refuses(limits, message_of_segments(512, 1).framed()));
    CHECK(refuses(limits, header_of({512, 0})));
    CHECK(refuses(limits, header_of({0xffffffff, 0})));
    limits.max_segments = 2;
    CHECK_FALSE(refuses(limits, message_of_segments(2, 1).framed()));
    CHECK(refuses(limits, message_of_segments(3, 1).framed()));
}

TEST_CASE("lengths of gigabytes are refused before memory is taken", "[F59][P14]") {
    CHECK(refuses({}, header_of({0, 0xffffffff})));
    CHECK(refuses({}, header_of({1, 0xffffffff, 0xffffffff, 0})));
    // Sums that wrap around in 32 bits, and in bytes.
    CHECK(refuses({}, header_of({1, 0x80000000, 0x80000000, 0})));
    CHECK(refuses({}, header_of({0, 0x20000000})));
    std::vector<std::uint32_t> table(512 + 2, 0xffffffff);
    table[0] = 511;
    CHECK(refuses({}, header_of(table)));
}

#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)

TEST_CASE("memory that was announced and never sent costs nothing", "[F59][P13]") {
    const StreamLimits limits{.max_message_bytes = std::size_t{1} << 30};
    FrameDecoder decoder(limits);
    const std::size_t before = resident_bytes();
    decode(decoder, header_of({0, (1 << 27) - 1}) + "some of it", 100);
    CHECK(decoder.in_message());
    CHECK(resident_bytes() < before + (1 << 20));
}

#endif

TEST_CASE("zeros are messages without content", "[F59]") {
    FrameDecoder decoder(StreamLimits{});
    const auto messages = decode(decoder, std::string(80, '\0'), 80);
    CHECK(messages == std::vector<Message>(10, message_of(0)));
}

TEST_CASE("garbage behind a message is refused when the message is taken", "[F59]") {
    FrameDecoder decoder(StreamLimits{});
    const std::string bytes = message_of(3).framed() + std::string(16, '\xff');
    std::memcpy(decoder.space().begin(), bytes.data(), bytes.size());
    decoder.filled(bytes.size(), {});
    REQUIRE(decoder.has_message());
    CHECK_THROWS_AS(decoder.take({}), kj::Exception);
    CHECK_FALSE(decoder.has_message());
}

TEST_CASE("descriptors belong to the message they came with", "[P10]") {
    StreamLimits limits;
    limits.max_descriptors = 2;
    FrameDecoder decoder(limits);
    const auto read = [&decoder](const std::string& bytes, std::vector<UniqueFd> fds) {
        std::memcpy(decoder.space().begin(), bytes.data(), bytes.size());
        std::vector<kj::AutoCloseFd> descriptors;
        for (UniqueFd& fd : fds) {
            descriptors.emplace_back(fd.release());
        }
        decoder.filled(bytes.size(), std::move(descriptors));
    };
    std::vector<UniqueFd> two;
    two.push_back(open_null());
    two.push_back(open_null());
    const std::vector<int> numbers{two[0].get(), two[1].get()};
    const std::string second = message_of(4).framed();
    // The kernel ends a read where descriptors were attached: they belong to the last message of
    // it.
    read(message_of(1).framed() + second.substr(0, 20), std::move(two));
    CHECK(decoder.take({})->descriptors.size() == 0);
    read(second.substr(20) + message_of(2).framed(), {});
    std::vector<kj::AutoCloseFd> space(2);
    const auto received = decoder.take_into({space.data(), space.size()}, {});
    REQUIRE(received.fds.size() == 2);
    CHECK(std::vector<int>{received.fds[0].get(), received.fds[1].get()} == numbers);
    CHECK(decoder.take({})->descriptors.size() == 0);
}

TEST_CASE("descriptors nobody has room for are closed, and end the connection", "[P10][F62]") {
    const std::size_t allowed = GENERATE(0, 1, 2);
    StreamLimits limits;
    limits.max_descriptors = allowed;
    FrameDecoder decoder(limits);
    const std::string bytes = message_of(1).framed();
    std::memcpy(decoder.space().begin(), bytes.data(), bytes.size());
    std::vector<kj::AutoCloseFd> descriptors;
    descriptors.emplace_back(open_null().release());
    descriptors.emplace_back(open_null().release());
    if (allowed < 2) {
        CHECK_THROWS_AS(decoder.filled(bytes.size(), std::move(descriptors)), kj::Exception);
    } else {
        decoder.filled(bytes.size(), std::move(descriptors));
        CHECK_THROWS_AS(decoder.take_into(nullptr, {}), kj::Exception);
    }
    // That they are closed is seen by the leak audit.
}

TEST_CASE("a segment that is not there is nothing") {
    FrameDecoder decoder(StreamLimits{});
    const std::string bytes = message_of_segments(2, 3).framed();
    std::memcpy(decoder.space().begin(), bytes.data(), bytes.size());
    decoder.filled(bytes.size(), {});
    auto message = decoder.take({});
    CHECK(message->getSegment(1).size() == 3);
    CHECK(message->getSegment(2).begin() == nullptr);
    CHECK(message->getSegment(0xffffffff).begin() == nullptr);
}
