// SPDX-License-Identifier: MIT
#include <aiomisc/cli/output/output_buffer.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>

namespace aiomisc::cli {
namespace {

// Once a stream goes to the file it goes in pieces of this size.
constexpr std::size_t kSpillPiece = 65536;

// A stream may have this part of the memory of all when that is used up: what comes byte by byte
// does not go to the file so, where each piece has a place of its own to be remembered.
constexpr std::uint64_t kShares = 4096;

}  // namespace

void OutputBuffer::push(std::string_view bytes) {
    const std::uint64_t limit = stored_.empty()
                                    ? store_->buffer_limit
                                    : std::min<std::uint64_t>(store_->buffer_limit, kSpillPiece);
    const std::uint64_t wanted = memory_.size() - memory_start_ + bytes.size();
    const auto is_too_much = [this, limit, &bytes](std::uint64_t size) {
        return size > limit || (size > store_->total_limit / kShares &&
                                store_->in_memory + bytes.size() > store_->total_limit);
    };
    if (is_too_much(wanted)) {
        spill();
    }
    if (is_too_much(bytes.size())) {
        memory_.assign(bytes);
        store_->in_memory += bytes.size();
        spill();
        return;
    }
    memory_.append(bytes);
    store_->in_memory += bytes.size();
}

void OutputBuffer::spill() {
    const std::string_view bytes = std::string_view(memory_).substr(memory_start_);
    if (!bytes.empty()) {
        const SpillFile::Extent extent = store_->file.append(bytes);
        if (!stored_.empty() && stored_.back().offset + stored_.back().size == extent.offset) {
            stored_.back().size += extent.size;
        } else {
            stored_.push_back(extent);
        }
        stored_bytes_ += extent.size;
        store_->in_memory -= extent.size;
    }
    memory_.clear();
    memory_start_ = 0;
}

std::string_view OutputBuffer::front(std::size_t limit) {
    if (stored_.empty()) {
        return std::string_view(memory_).substr(memory_start_, limit);
    }
    const SpillFile::Extent& oldest = stored_.front();
    std::string& chunk = store_->chunk;
    chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(oldest.size, limit)));
    store_->file.read(oldest.offset, chunk.data(), chunk.size());
    return chunk;
}

void OutputBuffer::settle() {
    if (store_->in_memory > store_->total_limit) {
        try {
            spill();
        } catch (const SystemError&) {  // NOLINT(bugprone-empty-catch): then it stays in memory
        }
    }
    memory_.erase(0, memory_start_);
    memory_start_ = 0;
    memory_.shrink_to_fit();
}

void OutputBuffer::pop(std::uint64_t bytes) {
    while (bytes > 0 && !stored_.empty()) {
        SpillFile::Extent& oldest = stored_.front();
        const std::uint64_t taken = std::min(bytes, oldest.size);
        store_->file.release({.offset = oldest.offset, .size = taken});
        oldest.offset += taken;
        oldest.size -= taken;
        stored_bytes_ -= taken;
        bytes -= taken;
        if (oldest.size == 0) {
            stored_.pop_front();
        }
    }
    memory_start_ += static_cast<std::size_t>(bytes);
    store_->in_memory -= bytes;
    // What was popped goes when it is more than what is left, so that each byte moves once or
    // twice.
    if (memory_start_ > memory_.size() / 2) {
        memory_.erase(0, memory_start_);
        memory_start_ = 0;
    }
}

void OutputBuffer::pop_back(std::uint64_t bytes) noexcept {
    const std::uint64_t in_memory = std::min<std::uint64_t>(bytes, memory_.size() - memory_start_);
    memory_.resize(memory_.size() - static_cast<std::size_t>(in_memory));
    store_->in_memory -= in_memory;
    bytes -= in_memory;
    while (bytes > 0) {
        SpillFile::Extent& youngest = stored_.back();
        const std::uint64_t taken = std::min(bytes, youngest.size);
        youngest.size -= taken;
        store_->file.release({.offset = youngest.offset + youngest.size, .size = taken});
        stored_bytes_ -= taken;
        bytes -= taken;
        if (youngest.size == 0) {
            stored_.pop_back();
        }
    }
}

}  // namespace aiomisc::cli
