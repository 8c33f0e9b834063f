// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/output/spill_file.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// What the buffers of all jobs share: the file, and how much memory they may take together.
struct OutputStore {
    SpillFile file;
    std::uint64_t buffer_limit;  ///< bytes of one stream of a job in memory
    std::uint64_t total_limit;   ///< bytes of all of them, but for a small piece of each
    std::uint64_t in_memory = 0;
    std::string chunk{};  ///< what OutputBuffer::front() has read from the file
};

/// Bytes in the order they came: the oldest in the file, the youngest in memory.
class OutputBuffer {
public:
    explicit OutputBuffer(OutputStore& store) : store_(&store) {}

    OutputBuffer(const OutputBuffer&) = delete;
    OutputBuffer& operator=(const OutputBuffer&) = delete;

    ~OutputBuffer() { clear(); }

    /// Errors:    SystemError (the disk is full).
    void push(std::string_view bytes);

    /// The oldest bytes, at most `limit`, valid until the next call, of any buffer of the store.
    /// Errors: SystemError.
    [[nodiscard]] std::string_view front(std::size_t limit);

    /// Drops the oldest bytes.
    void pop(std::uint64_t bytes);

    /// Drops the youngest bytes.
    void pop_back(std::uint64_t bytes) noexcept;

    void clear() noexcept { pop_back(size()); }

    /// No more comes for now: keeps no memory but that of its bytes, and none beyond the total
    /// that the disk takes.
    void settle();

    [[nodiscard]] std::uint64_t size() const noexcept {
        return stored_bytes_ + (memory_.size() - memory_start_);
    }

private:
    void spill();

    OutputStore* store_;
    std::list<SpillFile::Extent> stored_;  // takes nothing while it is empty, as most are
    std::uint64_t stored_bytes_ = 0;
    std::string memory_;
    std::size_t memory_start_ = 0;
};

}  // namespace aiomisc::cli
