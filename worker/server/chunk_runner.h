// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/buffer.h>
#include <aiomisc/worker/call/items.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/thunk.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <span>

namespace aiomisc::detail {

class ForkGuard;

/// Runs several calls that came in one message.
///
/// Results go one behind the other into the half of the shared area that the message was lent, and
/// the area counts those that are complete: when one of the calls kills the worker, the parent
/// still has the results before it, and knows which one it was. A result that does not fit into the
/// half any more travels in the answer, and is the last.
///
/// Affinity:  fork-child.
class ChunkRunner {
public:
    ChunkRunner(
        const SharedArea& area,
        const ForkGuard& guard,
        process::Sequence first,
        SharedArea::Half half,
        std::size_t max_payload_bytes);

    /// Makes one call. Its result is the parent's to see after commit().
    void run(const Thunk& thunk, std::span<const std::byte> arguments);

    /// The same for a call that cannot be made.
    void fail(const std::exception_ptr& error);

    void commit() noexcept;

    /// How many calls were made.
    [[nodiscard]] std::uint32_t done() const noexcept { return done_; }

    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return elapsed_; }

    /// Whether the last result did not fit: no other call can be made.
    [[nodiscard]] bool full() const noexcept { return !overflow_.empty(); }

    /// Bytes in the half.
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

    /// The result that did not fit.
    [[nodiscard]] std::span<const std::byte> overflow() const noexcept { return overflow_.span(); }

private:
    void store(ItemKind kind, std::span<const std::byte> bytes);

    const SharedArea& area_;
    const ForkGuard& guard_;
    process::Sequence first_;
    std::span<std::byte> memory_;
    std::size_t max_payload_bytes_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    ipc::Buffer item_;
    ipc::Buffer overflow_;
    std::size_t used_ = 0;
    std::uint32_t done_ = 0;
    std::chrono::nanoseconds elapsed_{0};
};

}  // namespace aiomisc::detail
