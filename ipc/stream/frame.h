// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/schema/capnp_compat.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <capnp/message.h>
#include <capnp/serialize-async.h>
#include <kj/array.h>
#include <kj/io.h>

namespace aiomisc::ipc {

/// Limits of one channel. Both ends are set alike: a message that one end sends the other accepts.
struct StreamLimits {
    /// One message, framing included. A larger one ends the connection before any memory is taken
    /// for it.
    std::size_t max_message_bytes = std::size_t{65} << 20;
    /// Segments of one message.
    std::uint32_t max_segments = 512;
    /// Messages up to this size are copied and leave together; larger ones are written from where
    /// they are.
    std::size_t coalesce_bytes = std::size_t{16} << 10;
    /// Descriptors that may come with one message; more are closed and end the connection.
    std::size_t max_descriptors = 0;
};

/// Limits for a channel whose messages carry one payload of up to that size.
StreamLimits limits_for_payload(std::size_t max_payload_bytes) noexcept;

/// A received message, with the descriptors that came with it.
class ReceivedMessage final : public capnp::MessageReader {
public:
    ReceivedMessage(
        kj::Array<capnp::word> words,
        std::vector<std::uint32_t> segment_words,
        capnp::ReaderOptions options);

    kj::ArrayPtr<const capnp::word> getSegment(unsigned int id) override;

    kj::Array<kj::AutoCloseFd> descriptors;

private:
    kj::Array<capnp::word> words_;
    std::vector<std::uint32_t> segment_words_;
};

/// Cuts a stream of bytes into Cap'n Proto messages (the standard stream framing).
///
/// One read fills a buffer from which many small messages are taken; a message larger than the
/// buffer is read straight into its own memory. The bytes come from a process that may have been
/// taken over by the data it parses: sizes are checked against the limits before memory is taken,
/// and untouched memory costs nothing.
///
/// Affinity:  loop.
class FrameDecoder {
public:
    explicit FrameDecoder(const StreamLimits& limits);

    /// Where the next read may put bytes. Empty while a complete message waits: take it first.
    [[nodiscard]] kj::ArrayPtr<kj::byte> space();

    /// `count` bytes were read into space(), and these descriptors with them.
    /// Errors: kj::Exception (the bytes are not a message within the limits); the stream is then
    /// unusable.
    void filled(std::size_t count, std::vector<kj::AutoCloseFd> descriptors);

    [[nodiscard]] bool has_message() const noexcept { return complete_; }

    /// Errors: kj::Exception (what follows the message is not one).
    [[nodiscard]] kj::Own<ReceivedMessage> take(capnp::ReaderOptions options);

    /// take(), with the descriptors moved to where a capnp::MessageStream hands them over.
    /// Errors: as take(); kj::Exception (more descriptors than there is space for).
    [[nodiscard]] capnp::MessageReaderAndFds take_into(
        kj::ArrayPtr<kj::AutoCloseFd> fd_space, capnp::ReaderOptions options);

    /// Whether bytes of an unfinished message are there: an end of stream now is an error.
    [[nodiscard]] bool in_message() const noexcept { return header_done_ || begin_ < end_; }

private:
    void advance();
    bool parse_header();
    void fill_body();

    StreamLimits limits_;
    kj::Array<kj::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;

    bool header_done_ = false;
    bool complete_ = false;
    std::vector<std::uint32_t> segment_words_;
    kj::Array<capnp::word> body_;
    std::size_t body_filled_ = 0;

    struct Arrived {
        std::uint64_t position;  // bytes of the stream received with and before them
        std::vector<kj::AutoCloseFd> descriptors;
    };

    std::uint64_t received_ = 0;
    std::deque<Arrived> arrived_;
};

/// The framing header of a message: segment count and sizes, padded to a word.
std::vector<std::uint32_t> frame_header(
    kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments);

}  // namespace aiomisc::ipc
