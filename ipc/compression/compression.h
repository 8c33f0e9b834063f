// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/buffer.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace aiomisc::ipc {

/// How a payload is compressed on its way.
enum class Compression : std::uint8_t { kNone, kLz4, kZstd };

/// What to compress, and how hard.
struct CompressionOptions {
    Compression method = Compression::kNone;

    /// Payloads up to this size go as they are: below a few kilobytes a copy is cheaper.
    std::size_t above_bytes = std::size_t{16} * 1024;

    /// 0: the default of the method. Negative: faster and larger. Positive: zstd 1 to 22, lz4 high
    /// compression 1 to 12. Values beyond are taken as the nearest.
    int level = 0;
};

/// The payload compressed, or nothing if it should go as it is: compression is off, the payload is
/// not above the threshold, or it does not shrink.
///
/// Errors:    std::bad_alloc.
/// Affinity:  any thread.
[[nodiscard]] std::optional<Buffer> compress(
    const CompressionOptions& options, std::span<const std::byte> payload);

/// The payload that compress() made `compressed` of.
///
/// Params:    `expected_size` is the size the sender states and `max_size` what we accept.
/// `compressed` may
///            come from a hostile process, but must not change during the call: copy it out of
///            memory that the other side can still write.
/// Errors:    EncodeError (more than max_size, another size than expected, corrupt, kNone),
///            std::bad_alloc.
/// Affinity:  any thread.
[[nodiscard]] Buffer decompress(
    Compression method,
    std::span<const std::byte> compressed,
    std::size_t expected_size,
    std::size_t max_size);

}  // namespace aiomisc::ipc
