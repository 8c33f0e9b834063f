// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/thunk.h>

#include <chrono>
#include <cstdint>
#include <span>

namespace aiomisc::detail {

class ForkGuard;

/// Runs several calls of one function that came in one message.
///
/// Results go one behind the other into the shared area, and the page counts those that are
/// complete: when one of the calls kills the worker, the parent still has the results before it,
/// and knows which one it was. The run ends early when the time budget is spent or the area is
/// full, and the parent sends the rest again, to whichever worker is free.
///
/// Affinity:  fork-child.
class ChunkRunner {
public:
    ChunkRunner(
        process::WorkerPage& page,
        const SharedArea& area,
        const ForkGuard& guard,
        process::Sequence sequence,
        ipc::Buffer& spill);

    /// Errors: ProtocolError (the arguments are not `count` items).
    void run(
        const Thunk& thunk,
        std::span<const std::byte> arguments,
        std::uint32_t count,
        std::chrono::nanoseconds budget);

    /// How many calls were made.
    [[nodiscard]] std::uint32_t done() const noexcept { return done_; }

    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return elapsed_; }

    /// Whether the results are in the spill buffer: the first one alone did not fit into the area.
    [[nodiscard]] bool spilled() const noexcept { return spilled_; }

    [[nodiscard]] std::span<const std::byte> results() const noexcept;

private:
    void run_item(const Thunk& thunk, std::span<const std::byte> arguments);
    void store(ItemKind kind, std::span<const std::byte> bytes);
    void spill(ItemKind kind, std::span<const std::byte> bytes);

    process::WorkerPage& page_;
    const SharedArea& area_;
    const ForkGuard& guard_;
    process::Sequence sequence_;
    ipc::Buffer& spill_;
    ipc::Buffer item_;
    std::span<std::byte> memory_;
    std::size_t used_ = 0;
    std::uint32_t done_ = 0;
    std::chrono::nanoseconds elapsed_{0};
    bool spilled_ = false;
};

}  // namespace aiomisc::detail
