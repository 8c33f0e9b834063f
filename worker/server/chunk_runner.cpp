// SPDX-License-Identifier: MIT
#include "chunk_runner.h"

#include "result_frame.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/base/error.h>

#include <cstring>

namespace aiomisc::detail {

namespace {

std::uint32_t read_u32(const std::byte* at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

void write_header(std::byte* at, ItemKind kind, std::size_t size) noexcept {
    const auto length = static_cast<std::uint32_t>(size);
    *at = static_cast<std::byte>(kind);
    std::memcpy(at + 1, &length, sizeof length);
}

}  // namespace

ChunkRunner::ChunkRunner(
    process::WorkerPage& page,
    const SharedArea& area,
    const ForkGuard& guard,
    process::Sequence sequence,
    ipc::Buffer& spill)
    : page_(page), area_(area), guard_(guard), sequence_(sequence), spill_(spill) {
    spill_.clear();
    if (area_.results_free(sequence)) {
        memory_ = area_.results(sequence);
    }
}

std::span<const std::byte> ChunkRunner::results() const noexcept {
    return spilled_ ? spill_.span() : std::span<const std::byte>(memory_.first(used_));
}

void ChunkRunner::run(
    const Thunk& thunk,
    std::span<const std::byte> arguments,
    std::uint32_t count,
    std::chrono::nanoseconds budget) {
    const auto begin = std::chrono::steady_clock::now();
    while (done_ < count && !page_.cancel_requested(sequence_)) {
        if (arguments.size() < kArgumentHeaderBytes) {
            throw ProtocolError("a chunk has fewer arguments than calls");
        }
        const std::uint32_t size = read_u32(arguments.data());
        arguments = arguments.subspan(kArgumentHeaderBytes);
        if (size > arguments.size()) {
            throw ProtocolError("an argument of a chunk is longer than the chunk");
        }
        run_item(thunk, arguments.first(size));
        arguments = arguments.subspan(size);
        ++done_;
        if (!spilled_) {
            area_.set_progress(sequence_, done_);  // what is spilled, the parent does not see yet
        }
        elapsed_ = std::chrono::steady_clock::now() - begin;
        if (elapsed_ >= budget || spilled_) {
            break;
        }
    }
}

void ChunkRunner::run_item(const Thunk& thunk, std::span<const std::byte> arguments) {
    // Leave the header in front of what the function writes, so that nothing is copied.
    const std::size_t left = memory_.size() - used_;
    const auto room = left > kResultHeaderBytes ? memory_.subspan(used_ + kResultHeaderBytes)
                                                : std::span<std::byte>();
    ResultFrame frame(area_, guard_, room, item_);
    try {
        thunk.call(arguments, frame);
    } catch (const CancelledError&) {
        guard_.end_if_copy();
        store(ItemKind::kCancelled, {});
        return;
    } catch (...) {
        guard_.end_if_copy();
        item_.clear();
        ipc::encode(item_, ipc::encode_exception(std::current_exception()));
        store(ItemKind::kError, item_.span());
        return;
    }
    if (frame.is_shared()) {
        write_header(memory_.data() + used_, ItemKind::kValue, frame.bytes().size());
        used_ += kResultHeaderBytes + frame.bytes().size();
        return;
    }
    store(ItemKind::kValue, frame.bytes());
}

void ChunkRunner::store(ItemKind kind, std::span<const std::byte> bytes) {
    if (memory_.size() - used_ < kResultHeaderBytes + bytes.size()) {
        // The call was made and its result must get through: everything so far travels in the
        // message.
        spill(kind, bytes);
        return;
    }
    write_header(memory_.data() + used_, kind, bytes.size());
    if (!bytes.empty()) {
        std::memcpy(memory_.data() + used_ + kResultHeaderBytes, bytes.data(), bytes.size());
    }
    used_ += kResultHeaderBytes + bytes.size();
}

void ChunkRunner::spill(ItemKind kind, std::span<const std::byte> bytes) {
    if (!spilled_) {
        spill_.clear();
        spill_.append(memory_.data(), used_);
        spilled_ = true;
    }
    std::byte header[kResultHeaderBytes];
    write_header(header, kind, bytes.size());
    spill_.append(header, sizeof header);
    spill_.append(bytes.data(), bytes.size());
}

}  // namespace aiomisc::detail
