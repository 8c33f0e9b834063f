// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/buffer.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/registry/registry.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>

namespace aiomisc::detail {

class Pool;

/// How calls ended, for the statistics.
struct Tally {
    std::uint32_t succeeded = 0;
    std::uint32_t failed = 0;
    std::uint32_t died = 0;
};

/// What a worker is sent as one, and what becomes of it: a call, or a chunk of calls of one
/// function.
///
/// The pool keeps it from submit() until it is settled, and settles it exactly once.
class Work {
public:
    enum class Place : std::uint8_t { kNowhere, kQueued, kSent };

    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    FunctionKey function;
    ipc::Buffer arguments;
    std::uint64_t id = 0;
    std::optional<std::chrono::milliseconds> timeout;
    std::uint32_t attempt = 1;
    std::shared_ptr<const OutputHandler> on_output;
    bool wait_when_cancelled = false;
    bool cancel_requested = false;  ///< and somebody waits for the end of it
    std::uint32_t count = 0;        ///< calls in a chunk; 0 for a single call
    std::uint32_t allowed = 0;      ///< how many of them its worker may make before it is replaced

    /// The encoded result of a call.
    virtual void succeeded(std::span<const std::byte> result) noexcept = 0;

    /// `done` calls of a chunk were made, with these results; fewer than `count` if the worker
    /// stopped early.
    virtual Tally chunk_done(
        std::uint32_t done,
        std::span<const std::byte> results,
        std::chrono::nanoseconds elapsed) noexcept = 0;

    /// The worker died. Of a chunk, `done` calls were made, with these results, and the next one is
    /// to blame.
    virtual Tally worker_died(
        std::exception_ptr error,
        std::uint32_t done,
        std::span<const std::byte> results) noexcept = 0;

    virtual void failed(std::exception_ptr error) noexcept = 0;

    /// CancelledError left the function.
    virtual void was_cancelled() noexcept = 0;

    /// Whether nobody waits for it any more.
    [[nodiscard]] virtual bool abandoned() const noexcept = 0;

    virtual void hold() noexcept = 0;
    virtual void drop() noexcept = 0;

    [[nodiscard]] bool is_chunk() const noexcept { return count > 0; }

    /// Calls that it stands for.
    [[nodiscard]] std::uint64_t calls() const noexcept { return is_chunk() ? count : 1; }

protected:
    explicit Work(std::size_t max_payload_bytes) : arguments(max_payload_bytes) {}

    ~Work() = default;

private:
    friend class Pool;
    friend class WorkQueue;
    Work* next_ = nullptr;
    Work* previous_ = nullptr;
    Place place_ = Place::kNowhere;
};

/// FIFO of work, from which anything can be taken.
class WorkQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Without the chunks of maps.
    [[nodiscard]] std::size_t calls() const noexcept { return size_ - chunks_; }

    [[nodiscard]] std::size_t calls_in_chunks() const noexcept { return calls_in_chunks_; }

    [[nodiscard]] Work* front() const noexcept { return first_; }

    void push_back(Work& work) noexcept {
        work.previous_ = last_;
        work.next_ = nullptr;
        (last_ == nullptr ? first_ : last_->next_) = &work;
        last_ = &work;
        ++size_;
        chunks_ += work.is_chunk() ? 1 : 0;
        calls_in_chunks_ += work.count;
    }

    void push_front(Work& work) noexcept {
        work.previous_ = nullptr;
        work.next_ = first_;
        (first_ == nullptr ? last_ : first_->previous_) = &work;
        first_ = &work;
        ++size_;
        chunks_ += work.is_chunk() ? 1 : 0;
        calls_in_chunks_ += work.count;
    }

    void remove(Work& work) noexcept {
        (work.previous_ == nullptr ? first_ : work.previous_->next_) = work.next_;
        (work.next_ == nullptr ? last_ : work.next_->previous_) = work.previous_;
        work.next_ = work.previous_ = nullptr;
        --size_;
        chunks_ -= work.is_chunk() ? 1 : 0;
        calls_in_chunks_ -= work.count;
    }

private:
    Work* first_ = nullptr;
    Work* last_ = nullptr;
    std::size_t size_ = 0;
    std::size_t chunks_ = 0;
    std::size_t calls_in_chunks_ = 0;
};

}  // namespace aiomisc::detail
