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
///     header | arguments | first half of results | second half of results
///
/// Large values go through here instead of the channel: written once, read in place. The parent
/// fills `arguments` for one call at a time. With each message it lends a half that is free to the
/// results, or none, when both are; it has the half back with the answer. What a worker that died
/// had finished of many calls in one message is still here for the parent to take.
///
/// Affinity:  any thread; the two processes see the same bytes.
class SharedArea {
public:
    /// What a message is lent. The numbers are those of the schema.
    enum class Half : std::uint8_t { kNone, kFirst, kSecond };

    /// A view of the page's data; both sides make one from pages of the same size.
    explicit SharedArea(process::WorkerPage& page) noexcept : page_(&page) {}

    /// Bytes of page data for `bytes` of arguments, and as much for results.
    static constexpr std::size_t page_bytes(std::size_t bytes) noexcept {
        return sizeof(Header) + 2 * bytes;
    }

    [[nodiscard]] std::span<std::byte> arguments() const noexcept {
        return body().first(argument_bytes());
    }

    /// No bytes for kNone, and for what is no half at all.
    [[nodiscard]] std::span<std::byte> results(Half half) const noexcept {
        const std::size_t size = argument_bytes() / 2;
        switch (half) {
            case Half::kFirst:
                return body().subspan(argument_bytes(), size);
            case Half::kSecond:
                return body().subspan(argument_bytes() + size, size);
            case Half::kNone:
                break;
        }
        return {};
    }

    /// In the worker, of a message of many calls, the first of which is `call`: so many are made,
    /// and their results lie in its half.
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

    /// In the parent, around each read of captured output, which belongs to the call that
    /// WorkerPage::started() says at the end of it: a worker begins no other call while this is
    /// set, nor while anything is unread.
    void set_reading(bool reading) const noexcept { header().reading.store(reading ? 1 : 0); }

    /// In the worker.
    [[nodiscard]] bool reading() const noexcept { return header().reading.load() != 0; }

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
        std::atomic<std::uint32_t> phase;
        std::atomic<std::uint32_t> reading;
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

}  // namespace aiomisc::detail
