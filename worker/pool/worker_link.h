// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/compression/compression.h>
#include <aiomisc/ipc/schema/capnp_compat.h>
#include <aiomisc/ipc/schema/worker.capnp.h>
#include <aiomisc/ipc/stream/uv_message_stream.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/pool/work.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/registry.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include <capnp/rpc-twoparty.h>

namespace aiomisc::detail {

/// What came back for one piece of work.
struct Reply {
    enum class Kind : std::uint8_t { kValue, kError, kCancelled, kChunk };

    Kind kind = Kind::kValue;
    std::span<const std::byte> bytes;  ///< valid during the callback
    std::uint32_t done = 0;
    std::chrono::nanoseconds elapsed{0};
};

/// Told by a WorkerLink what happens at its worker.
class WorkerLinkListener {
public:
    WorkerLinkListener(const WorkerLinkListener&) = delete;
    WorkerLinkListener& operator=(const WorkerLinkListener&) = delete;

    virtual void on_reply(Work& work, const Reply& reply) noexcept = 0;

    /// The channel ended: the worker closed it or died, or broke the protocol (then `violation`
    /// says how).
    virtual void on_disconnected(std::exception_ptr violation) noexcept = 0;

protected:
    WorkerLinkListener() = default;
    ~WorkerLinkListener() = default;
};

/// The parent's end of one worker: its RPC channel and the memory shared with it.
///
/// Sends work, in order; the worker runs one piece at a time and answers in that order. Work that
/// the worker has not begun can be taken back, exactly: either it was begun, or it never will be.
///
/// Affinity:  loop.
class WorkerLink final : private kj::TaskSet::ErrorHandler {
public:
    WorkerLink(
        EventLoop& loop,
        UniqueFd channel,
        process::WorkerPage page,
        const WorkerPoolOptions& options,
        WorkerLinkListener& listener);
    WorkerLink(const WorkerLink&) = delete;
    WorkerLink& operator=(const WorkerLink&) = delete;
    ~WorkerLink();

    /// Work sent, not answered and not taken back.
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

    /// Whether large arguments can be sent: one piece of work at a time has the area for them.
    [[nodiscard]] bool can_take(const Work& work) const noexcept;

    void send(Work& work);

    /// Ends the channel: the worker finishes what it is at, and exits.
    void close() noexcept;

    /// Takes back everything that the worker has not begun, in order.
    [[nodiscard]] std::vector<Work*> revoke();

    /// The work that is running, or nothing.
    [[nodiscard]] Work* running() const noexcept;

    /// Whether this piece of work is here.
    [[nodiscard]] bool has(const Work& work) const noexcept;

    /// Everything sent and not answered.
    [[nodiscard]] std::vector<Work*> outstanding() const;

    /// Sets the cancel request for exactly this piece of work. Returns whether the worker may be at
    /// it now.
    bool request_cancel(const Work& work) noexcept;

    /// A piece of work that a dead worker had begun, and not answered.
    struct Lost {
        Work* work = nullptr;
        std::uint32_t done = 0;              ///< of a chunk: calls completed
        std::span<const std::byte> results;  ///< and their results, valid while the link lives
    };

    /// After the worker is gone: what is to become of all that it was sent.
    struct Remains {
        std::vector<Lost> lost;  ///< one at most, of a worker that kept to the protocol
        CallPhase phase = CallPhase::kIdle;
        std::string note;
        std::vector<Work*> not_begun;
    };

    [[nodiscard]] Remains remains();

private:
    struct Sent {
        Work* work;  // null: taken back; the worker will answer that it was revoked
        process::Sequence sequence;
        bool is_chunk;
        bool shared_arguments;
    };

    kj::Promise<void> send_call(Work& work, process::Sequence sequence, bool shared);
    kj::Promise<void> send_chunk(Work& work, process::Sequence sequence, bool shared);
    void load_module_of(const FunctionKey& key);
    void put_arguments(schema::Payload::Builder payload, Work& work, bool shared);
    [[nodiscard]] bool wants_shared(const Work& work) const noexcept;
    void on_call_answer(process::Sequence sequence, schema::Outcome::Reader outcome);
    void on_chunk_answer(
        process::Sequence sequence, const schema::Worker::ChunkResults::Reader& results);
    void on_failure(process::Sequence sequence, kj::Exception&& exception);
    void settle(process::Sequence sequence, const Reply& reply);
    void on_end();
    void break_off(std::exception_ptr violation);
    [[nodiscard]] Sent& find(process::Sequence sequence);
    Work* release(Sent& sent) noexcept;
    [[nodiscard]] std::span<const std::byte> bytes_of(
        process::Sequence sequence, schema::Payload::Reader payload) const;
    void taskFailed(kj::Exception&& exception) override;

    const WorkerPoolOptions& options_;
    WorkerLinkListener& listener_;
    process::WorkerPage page_;
    SharedArea area_;
    ipc::UvMessageStream stream_;
    capnp::TwoPartyVatNetwork network_;
    capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
    schema::Worker::Client worker_;
    std::deque<Sent> sent_;
    std::size_t in_flight_ = 0;  // of these, with work
    bool broken_ = false;        // the worker broke the protocol: it settles nothing any more
    std::string end_reason_;     // what KJ says the channel ended of
    std::unordered_set<std::uint64_t> known_modules_;
    process::Sequence last_sequence_ = 0;
    kj::TaskSet answers_;
};

}  // namespace aiomisc::detail
