// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/buffer.h>
#include <aiomisc/runtime/task/task_core.h>
#include <aiomisc/worker/call/items.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/registry/registry.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>

namespace aiomisc::detail {

class Pool;

/// One result, as it lies in the chunk it came in. Valid until the next one is taken.
struct ChunkItem {
    ItemKind kind = ItemKind::kValue;
    std::span<const std::byte> bytes;
    std::exception_ptr error;  ///< set: the call failed in the parent's view, e.g. its worker died
};

/// Throws the error or cancellation that an item stands for.
[[noreturn]] void throw_item(const ChunkItem& item);

/// Where the inputs of a map come from.
class ChunkSource {
public:
    ChunkSource() = default;
    ChunkSource(const ChunkSource&) = delete;
    ChunkSource& operator=(const ChunkSource&) = delete;
    virtual ~ChunkSource() = default;

    /// Appends the arguments of the next call; false after the last.
    virtual bool encode_next(ipc::Buffer& buffer) = 0;
};

/// A map on its way: cuts inputs into chunks, keeps a bounded number of them with the pool, and
/// gives the results out in order, or as they come.
///
/// The size of chunks follows the measured time of the calls, so that one takes about two
/// milliseconds: the cost of a message is spread over many tiny calls, and long ones travel alone.
class ChunkStream {
public:
    ChunkStream() = default;
    ChunkStream(const ChunkStream&) = delete;
    ChunkStream& operator=(const ChunkStream&) = delete;
    virtual ~ChunkStream() = default;

    /// Whether take_item() has an answer now. Sends what can be sent.
    [[nodiscard]] virtual bool has_item() = 0;

    /// The next result; nothing at the end.
    /// Errors: what the source threw.
    virtual std::optional<ChunkItem> take_item() = 0;

    /// Who to wake when has_item() may have become true; null for nobody.
    virtual void set_reader(Waiter* reader) noexcept = 0;
};

/// Errors: none here; PoolClosed and PoolBroken come from the stream.
std::unique_ptr<ChunkStream> make_chunk_stream(
    std::shared_ptr<Pool> pool,
    const FunctionKey& function,
    std::unique_ptr<ChunkSource> source,
    const MapOptions& options);

}  // namespace aiomisc::detail
