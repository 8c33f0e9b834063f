// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/thunk.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace aiomisc::detail {

/// How parent and worker divide the memory they share (WorkerPage::data()).
///
///     header | arguments | results of even calls | results of odd calls
///
/// Large values go through here instead of the channel: written once, read in place. The parent
/// fills `arguments` for one call at a time. A worker may use its half for call s once the parent
/// has consumed the results up to s - 2; the results of a call that did not get that far travel in
/// the message instead. What a worker that died had finished of a chunk is still here for the
/// parent to take.
///
/// Affinity:  any thread; the two processes see the same bytes.
class SharedArea {
public:
    /// A view of the page's data; both sides make one from pages of the same size.
    explicit SharedArea(process::WorkerPage& page) noexcept : page_(&page) {}

    /// Bytes of page data for `bytes` of arguments, and as much for results.
    static constexpr std::size_t page_bytes(std::size_t bytes) noexcept {
        return sizeof(Header) + 2 * bytes;
    }

    [[nodiscard]] std::span<std::byte> arguments() const noexcept {
        return body().first(argument_bytes());
    }

    [[nodiscard]] std::span<std::byte> results(process::Sequence call) const noexcept {
        const std::size_t half = argument_bytes() / 2;
        return body().subspan(argument_bytes() + (call % 2 == 0 ? 0 : half), half);
    }

    /// In the worker: whether the half for this call is free.
    [[nodiscard]] bool results_free(process::Sequence call) const noexcept {
        return !process::sequence_after(
            call - 2, header().consumed.load(std::memory_order_acquire));
    }

    /// In the parent: the results of this call and of all before it have been read.
    void consume(process::Sequence call) const noexcept {
        header().consumed.store(call, std::memory_order_release);
    }

    /// In the worker, of a chunk: the first `done` calls are made, and their results lie in its
    /// half.
    void set_progress(process::Sequence call, std::uint32_t done) const noexcept {
        header().progress.store(
            (static_cast<std::uint64_t>(call) << 32) | done, std::memory_order_release);
    }

    /// In the parent: how far the worker came with this call; 0 if it never said.
    [[nodiscard]] std::uint32_t progress(process::Sequence call) const noexcept {
        const std::uint64_t word = header().progress.load(std::memory_order_acquire);
        return static_cast<process::Sequence>(word >> 32) == call ? static_cast<std::uint32_t>(word)
                                                                  : 0;
    }

    void set_phase(CallPhase phase) const noexcept {
        header().phase.store(static_cast<std::uint32_t>(phase), std::memory_order_relaxed);
    }

    /// What the worker says; anything it may not say is kStart.
    [[nodiscard]] CallPhase phase() const noexcept {
        const std::uint32_t phase = header().phase.load(std::memory_order_relaxed);
        return phase <= static_cast<std::uint32_t>(CallPhase::kResult)
                   ? static_cast<CallPhase>(phase)
                   : CallPhase::kStart;
    }

private:
    struct alignas(64) Header {
        std::atomic<std::uint32_t> consumed;
        std::atomic<std::uint32_t> phase;
        std::atomic<std::uint64_t> progress;
    };

    [[nodiscard]] Header& header() const noexcept {
        return *reinterpret_cast<Header*>(page_->data().data());
    }

    [[nodiscard]] std::span<std::byte> body() const noexcept {
        return page_->data().subspan(sizeof(Header));
    }

    [[nodiscard]] std::size_t argument_bytes() const noexcept {
        // Halves stay aligned for whatever is viewed in place.
        return body().size() / 2 / 128 * 128;
    }

    process::WorkerPage* page_;
};

/// Outcome of one item of a chunk, before its length and bytes.
enum class ItemKind : std::uint8_t { kValue, kError, kCancelled };

/// Bytes in front of an item of a chunk: of its arguments a length, of its result also the kind.
inline constexpr std::size_t kArgumentHeaderBytes = sizeof(std::uint32_t);
inline constexpr std::size_t kResultHeaderBytes = 1 + sizeof(std::uint32_t);

}  // namespace aiomisc::detail
