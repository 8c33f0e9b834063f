// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/stream/frame.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <kj/debug.h>

namespace aiomisc::ipc {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
constexpr std::size_t kWordBytes = sizeof(capnp::word);

std::uint32_t read_u32(const kj::byte* at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// Bytes of the framing header of a message with that many segments.
constexpr std::size_t header_bytes(std::size_t segments) noexcept {
    return (segments / 2 + 1) * kWordBytes;
}

}  // namespace

StreamLimits limits_for_payload(std::size_t max_payload_bytes) noexcept {
    StreamLimits limits;
    // What Cap'n Proto RPC and the structure around the payload need, generously.
    limits.max_message_bytes = max_payload_bytes + (std::size_t{64} << 10);
    return limits;
}

ReceivedMessage::ReceivedMessage(
    kj::Array<capnp::word> words,
    std::vector<std::uint32_t> segment_words,
    capnp::ReaderOptions reader_options)
    : MessageReader(reader_options),
      words_(kj::mv(words)),
      segment_words_(std::move(segment_words)) {}

kj::ArrayPtr<const capnp::word> ReceivedMessage::getSegment(unsigned int id) {
    if (id >= segment_words_.size()) {
        return nullptr;
    }
    std::size_t first = 0;
    for (unsigned int before = 0; before < id; ++before) {
        first += segment_words_[before];
    }
    return words_.slice(first, first + segment_words_[id]);
}

FrameDecoder::FrameDecoder(const StreamLimits& limits)
    : limits_(limits), buffer_(kj::heapArray<kj::byte>(kBufferBytes)) {}

kj::ArrayPtr<kj::byte> FrameDecoder::space() {
    if (complete_) {
        return nullptr;
    }
    if (header_done_) {
        auto body =
            kj::arrayPtr(reinterpret_cast<kj::byte*>(body_.begin()), body_.size() * kWordBytes);
        if (body.size() - body_filled_ >= buffer_.size()) {
            return body.slice(body_filled_, body.size());
        }
    }
    if (begin_ == end_) {
        begin_ = end_ = 0;
    } else if (end_ == buffer_.size()) {
        std::memmove(buffer_.begin(), buffer_.begin() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    return buffer_.slice(end_, buffer_.size());
}

void FrameDecoder::filled(std::size_t count, std::vector<kj::AutoCloseFd> descriptors) {
    received_ += count;
    if (!descriptors.empty()) {
        KJ_REQUIRE(
            descriptors.size() <= limits_.max_descriptors,
            "peer sent descriptors that were not asked for");
        arrived_.push_back({received_, std::move(descriptors)});
    }
    const bool into_body =
        header_done_ && body_.size() * kWordBytes - body_filled_ >= buffer_.size();
    if (into_body) {
        body_filled_ += count;
    } else {
        end_ += count;
    }
    advance();
}

void FrameDecoder::advance() {
    if (complete_) {
        return;
    }
    if (!header_done_ && !parse_header()) {
        return;
    }
    fill_body();
    complete_ = body_filled_ == body_.size() * kWordBytes;
}

bool FrameDecoder::parse_header() {
    const std::size_t available = end_ - begin_;
    if (available < kWordBytes) {
        return false;
    }
    const kj::byte* header = buffer_.begin() + begin_;
    const std::uint64_t segments = std::uint64_t{read_u32(header)} + 1;
    KJ_REQUIRE(
        segments <= limits_.max_segments, "peer sent a message of too many segments", segments);
    const std::size_t size = header_bytes(segments);
    if (available < size) {
        return false;
    }
    std::uint64_t words = 0;
    segment_words_.clear();
    for (std::uint64_t segment = 0; segment < segments; ++segment) {
        segment_words_.push_back(read_u32(header + 4 * (segment + 1)));
        words += segment_words_.back();
    }
    KJ_REQUIRE(
        words * kWordBytes + size <= limits_.max_message_bytes,
        "peer sent a message above the limit",
        words * kWordBytes);
    begin_ += size;
    body_ = kj::heapArray<capnp::word>(words);
    body_filled_ = 0;
    header_done_ = true;
    return true;
}

void FrameDecoder::fill_body() {
    const std::size_t wanted = body_.size() * kWordBytes - body_filled_;
    const std::size_t count = std::min(wanted, end_ - begin_);
    if (count > 0) {
        std::memcpy(
            reinterpret_cast<kj::byte*>(body_.begin()) + body_filled_,
            buffer_.begin() + begin_,
            count);
        begin_ += count;
        body_filled_ += count;
    }
}

kj::Own<ReceivedMessage> FrameDecoder::take(capnp::ReaderOptions options) {
    auto message = kj::heap<ReceivedMessage>(kj::mv(body_), std::move(segment_words_), options);
    // Descriptors belong to the last message that begins in the read they came with (see
    // UvMessageStream).
    const std::uint64_t message_end = received_ - (end_ - begin_);
    auto descriptors = kj::Vector<kj::AutoCloseFd>();
    while (!arrived_.empty() && arrived_.front().position <= message_end) {
        for (auto& descriptor : arrived_.front().descriptors) {
            descriptors.add(kj::mv(descriptor));
        }
        arrived_.pop_front();
    }
    message->descriptors = descriptors.releaseAsArray();
    segment_words_ = {};
    body_ = nullptr;
    body_filled_ = 0;
    header_done_ = false;
    complete_ = false;
    advance();
    return message;
}

capnp::MessageReaderAndFds FrameDecoder::take_into(
    kj::ArrayPtr<kj::AutoCloseFd> fd_space, capnp::ReaderOptions options) {
    auto message = take(options);
    KJ_REQUIRE(
        message->descriptors.size() <= fd_space.size(),
        "message with more descriptors than allowed");
    std::size_t count = 0;
    for (auto& descriptor : message->descriptors) {
        fd_space[count++] = kj::mv(descriptor);
    }
    return capnp::MessageReaderAndFds{kj::mv(message), fd_space.slice(0, count)};
}

std::vector<std::uint32_t> frame_header(
    kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
    std::vector<std::uint32_t> header;
    header.reserve(header_bytes(segments.size()) / 4);
    header.push_back(static_cast<std::uint32_t>(segments.size() - 1));
    for (const auto& segment : segments) {
        header.push_back(static_cast<std::uint32_t>(segment.size()));
    }
    if (header.size() % 2 != 0) {
        header.push_back(0);
    }
    return header;
}

}  // namespace aiomisc::ipc
