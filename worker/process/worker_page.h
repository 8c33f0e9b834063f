// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/crash_note.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

// One page of memory that the parent shares with a worker: what a message cannot carry, because the
// worker does not read while it runs a task, and a signal cannot, because it could arrive one task
// too late.
//
// Who may start a call. The parent numbers the calls it sends to one worker (sequence numbers, from
// 1). Both sides agree through one word with two halves:
//
//     started   the last call that the worker has begun; written by the worker alone
//     barred    no call up to and including this one may be begun (any more)
//
// worker_claim(seq) sets started = barred = seq, unless seq is barred. revoke(upto) raises barred
// to upto. Both are one compare-and-exchange of the whole word, and so each call is either started
// or revoked, never both: revoke() returns the last one started, and all in (started, upto] will
// never start.
//
// Who may be cancelled. A second word of the same kind holds
//
//     finished  the last call that the worker has ended
//     wanted    the call whose cancellation is asked for
//
// request_cancel(seq) is refused once seq is finished; worker_finish(seq) tells whether it was
// asked for before. So both sides agree whether a signal is on its way for this call, and the
// worker lets it come before it begins another.
//
// Sequence numbers wrap. They are compared by their signed difference, which is right while the two
// halves and the calls in flight lie within 2^31 of each other; claiming moves both halves along,
// so they do.
namespace aiomisc::process {

using Sequence = std::uint32_t;

/// Whether `a` comes after `b`.
constexpr bool sequence_after(Sequence a, Sequence b) noexcept {
    return static_cast<std::int32_t>(a - b) > 0;
}

/// A mapping of the page. The parent and the worker each have one.
///
/// What the worker can write, it can write wrongly: the parent checks what it reads.
///
/// Affinity: any thread.
class WorkerPage {
public:
    /// A new page with `data_bytes` of room for results, and the descriptor by which a worker maps
    /// it. Errors: SystemError (no memory, no descriptor).
    static std::pair<WorkerPage, UniqueFd> create(std::size_t data_bytes = 0);

    /// The page behind a descriptor from create(), which may be closed afterwards.
    /// Errors: SystemError; ProtocolError (something else).
    static WorkerPage map(const UniqueFd& file);

    WorkerPage(WorkerPage&& other) noexcept
        : header_(std::exchange(other.header_, nullptr)), size_(std::exchange(other.size_, 0)) {}

    WorkerPage& operator=(WorkerPage&& other) noexcept {
        std::swap(header_, other.header_);
        std::swap(size_, other.size_);
        return *this;
    }

    WorkerPage(const WorkerPage&) = delete;
    WorkerPage& operator=(const WorkerPage&) = delete;
    ~WorkerPage();

    /// In the worker: begins a call; false when it was revoked, and must not run.
    bool worker_claim(Sequence call) noexcept;

    /// In the parent: no call up to and including `upto` starts from now on. Returns the last one
    /// that did.
    Sequence revoke(Sequence upto) noexcept;

    /// The last call that the worker has begun.
    [[nodiscard]] Sequence started() const noexcept;

    /// In the parent: asks the worker to stop this call. It has no effect on any other. Returns
    /// false if the worker has ended it: its answer is on the way, and it must not be signalled.
    bool request_cancel(Sequence call) noexcept;

    /// In the worker. Signal-safe.
    [[nodiscard]] bool cancel_requested(Sequence call) const noexcept;

    /// In the worker: the call has ended. Returns whether its cancellation was asked for.
    bool worker_finish(Sequence call) noexcept;

    [[nodiscard]] CrashNote& crash_note() noexcept { return header_->note; }

    [[nodiscard]] const CrashNote& crash_note() const noexcept { return header_->note; }

    [[nodiscard]] std::span<std::byte> data() noexcept;
    [[nodiscard]] std::span<const std::byte> data() const noexcept;

private:
    struct Header {
        static constexpr std::uint64_t kMagic = 0x31'65'67'61'50'4d'49'41;  // "AIMPage1"

        std::uint64_t magic = kMagic;
        // Apart from each other: one is written for every call, the other polled by the task.
        alignas(64) std::atomic<std::uint64_t> claim{0};
        alignas(64) std::atomic<std::uint64_t> cancel{0};
        alignas(64) CrashNote note;
    };

    static_assert(
        std::atomic<std::uint64_t>::is_always_lock_free, "a lock cannot be shared by processes");

    WorkerPage(Header* header, std::size_t size) noexcept : header_(header), size_(size) {}

    Header* header_;
    std::size_t size_;
};

}  // namespace aiomisc::process
