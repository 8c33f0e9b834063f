// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/compression/compression.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <zstd.h>

#include <lz4.h>
#include <lz4hc.h>

namespace aiomisc::ipc {

namespace {

const char* chars(const std::byte* bytes) noexcept {
    return reinterpret_cast<const char*>(bytes);
}

char* chars(std::byte* bytes) noexcept {
    return reinterpret_cast<char*>(bytes);
}

/// The compressed size, or 0 if it does not fit into `output`.
std::size_t compress_lz4(
    int level, std::span<const std::byte> payload, std::span<std::byte> output) {
    if (payload.size() > LZ4_MAX_INPUT_SIZE) {
        return 0;
    }
    const char* from = chars(payload.data());
    char* to = chars(output.data());
    const int size = static_cast<int>(payload.size());
    const int room = static_cast<int>(output.size());
    const int written =
        level > 0 ? LZ4_compress_HC(from, to, size, room, std::min(level, LZ4HC_CLEVEL_MAX))
                  : LZ4_compress_fast(from, to, size, room, std::max(1, -std::max(level, -65536)));
    return static_cast<std::size_t>(std::max(written, 0));
}

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }

    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

/// Compresses with a context kept per thread: making one costs more than compressing a small
/// payload.
std::size_t compress_zstd(
    int level, std::span<const std::byte> payload, std::span<std::byte> output) {
    static thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    if (!context) {
        throw std::bad_alloc();
    }
    const int bounded = std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel());
    const std::size_t written = ZSTD_compressCCtx(
        context.get(), output.data(), output.size(), payload.data(), payload.size(), bounded);
    return ZSTD_isError(written) != 0 ? 0 : written;
}

[[noreturn]] void fail(const char* method, const std::string& problem) {
    throw EncodeError(std::string("cannot decompress ") + method + " payload: " + problem);
}

/// Refuses, before anything is allocated, a size that these bytes cannot decompress to.
void check_stated_size(
    Compression method, std::span<const std::byte> compressed, std::size_t expected_size) {
    if (method == Compression::kLz4) {
        // One byte of an lz4 block yields at most 255, and neither side makes larger blocks.
        const bool possible = compressed.size() <= LZ4_MAX_INPUT_SIZE &&
                              expected_size <= LZ4_MAX_INPUT_SIZE &&
                              expected_size / 255 <= compressed.size();
        if (!possible) {
            fail("lz4", "its size cannot be the stated one");
        }
    } else if (method == Compression::kZstd) {
        // compress() writes the size into the frame; the marks for unknown and invalid match no
        // size.
        if (ZSTD_getFrameContentSize(compressed.data(), compressed.size()) != expected_size) {
            fail("zstd", "its size is not the stated one");
        }
    } else {
        fail("a", "unknown method");
    }
}

void decompress_lz4(std::span<const std::byte> compressed, std::span<std::byte> output) {
    const int size = LZ4_decompress_safe(
        chars(compressed.data()),
        chars(output.data()),
        static_cast<int>(compressed.size()),
        static_cast<int>(output.size()));
    if (size < 0) {
        fail("lz4", "corrupt");
    }
    if (static_cast<std::size_t>(size) != output.size()) {
        fail("lz4", "its size is not the stated one");
    }
}

void decompress_zstd(std::span<const std::byte> compressed, std::span<std::byte> output) {
    static thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    if (!context) {
        throw std::bad_alloc();
    }
    const std::size_t size = ZSTD_decompressDCtx(
        context.get(), output.data(), output.size(), compressed.data(), compressed.size());
    if (ZSTD_isError(size) != 0) {
        fail("zstd", ZSTD_getErrorName(size));
    }
    if (size != output.size()) {
        fail("zstd", "its size is not the stated one");
    }
}

}  // namespace

std::optional<Buffer> compress(
    const CompressionOptions& options, std::span<const std::byte> payload) {
    if (options.method == Compression::kNone || payload.empty() ||
        payload.size() <= options.above_bytes) {
        return std::nullopt;
    }
    // One byte less than it has: what does not fit did not shrink.
    const std::size_t room = payload.size() - 1;
    Buffer buffer;
    const std::span output(buffer.extend(room), room);
    const std::size_t size = options.method == Compression::kLz4
                                 ? compress_lz4(options.level, payload, output)
                                 : compress_zstd(options.level, payload, output);
    if (size == 0) {
        return std::nullopt;
    }
    buffer.truncate(size);
    return buffer;
}

Buffer decompress(
    Compression method,
    std::span<const std::byte> compressed,
    std::size_t expected_size,
    std::size_t max_size) {
    if (expected_size > max_size) {
        fail(
            "a",
            std::to_string(expected_size) + " bytes exceed the limit of " +
                std::to_string(max_size));
    }
    check_stated_size(method, compressed, expected_size);
    Buffer buffer(max_size);
    const std::span output(buffer.extend(expected_size), expected_size);
    if (method == Compression::kLz4) {
        decompress_lz4(compressed, output);
    } else {
        decompress_zstd(compressed, output);
    }
    return buffer;
}

}  // namespace aiomisc::ipc
