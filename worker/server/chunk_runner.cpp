// SPDX-License-Identifier: MIT
#include "chunk_runner.h"

#include "result_frame.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cstring>

namespace aiomisc::detail {

ChunkRunner::ChunkRunner(
    const SharedArea& area,
    const ForkGuard& guard,
    process::Sequence first,
    SharedArea::Half half,
    std::size_t max_payload_bytes)
    : area_(area),
      guard_(guard),
      first_(first),
      memory_(area.results(half)),
      max_payload_bytes_(max_payload_bytes),
      item_(max_payload_bytes) {}

void ChunkRunner::run(const Thunk& thunk, std::span<const std::byte> arguments) {
    // Leave the header in front of what the function writes, so that nothing is copied.
    const std::size_t left = memory_.size() - used_;
    const auto room = left > kResultHeaderBytes
                          ? memory_.subspan(
                                used_ + kResultHeaderBytes,
                                std::min(left - kResultHeaderBytes, max_payload_bytes_))
                          : std::span<std::byte>();
    ResultFrame frame(area_, guard_, room, item_);
    try {
        thunk.call(arguments, frame);
        if (frame.is_shared()) {
            write_item_header(memory_.data() + used_, ItemKind::kValue, frame.bytes().size());
            used_ += kResultHeaderBytes + frame.bytes().size();
        } else {
            store(ItemKind::kValue, frame.bytes());
        }
    } catch (const CancelledError&) {
        guard_.end_if_copy();
        store(ItemKind::kCancelled, {});
    } catch (...) {
        guard_.end_if_copy();
        fail(std::current_exception());
        return;
    }
    ++done_;
}

void ChunkRunner::fail(const std::exception_ptr& error) {
    ipc::Buffer encoded;
    ipc::encode(encoded, ipc::encode_exception(error));
    store(ItemKind::kError, std::as_const(encoded).span());
    ++done_;
}

void ChunkRunner::commit() noexcept {
    if (!full()) {
        area_.set_progress(first_, done_);  // what is in the answer, the parent does not see yet
    }
    elapsed_ = std::chrono::steady_clock::now() - begin_;
}

void ChunkRunner::store(ItemKind kind, std::span<const std::byte> bytes) {
    std::byte header[kResultHeaderBytes];
    write_item_header(header, kind, bytes.size());
    if (memory_.size() - used_ < sizeof header + bytes.size()) {
        overflow_.append(header, sizeof header);
        overflow_.append(bytes.data(), bytes.size());
        return;
    }
    std::memcpy(memory_.data() + used_, header, sizeof header);
    if (!bytes.empty()) {
        std::memcpy(memory_.data() + used_ + sizeof header, bytes.data(), bytes.size());
    }
    used_ += sizeof header + bytes.size();
}

}  // namespace aiomisc::detail
