// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/schema/capnp_compat.h>
#include <aiomisc/ipc/schema/worker.capnp.h>
#include <aiomisc/ipc/stream/uv_message_stream.h>
#include <aiomisc/worker/call/items.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/pool/work.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/registry.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
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
    std::span<const std::byte> bytes;     ///< valid during the callback
    std::uint32_t done = 0;               ///< of a chunk: calls made
    std::chrono::nanoseconds elapsed{0};  ///< in the worker, as it says; 0: nobody measured
};

/// Told by a WorkerLink what happens at its worker.
class WorkerLinkListener {
public:
    WorkerLinkListener(const WorkerLinkListener&) = delete;
    WorkerLinkListener& operator=(const WorkerLinkListener&) = delete;

    /// Replies follow. What is in the output pipes belongs to a call that is still here.
    virtual void before_replies() noexcept = 0;

    virtual void on_reply(Work& work, const Reply& reply) noexcept = 0;

    /// The worker had no room for the results of these calls, and did not begin them.
    virtual void on_returned(const std::vector<Work*>& works) noexcept = 0;

    /// The channel ended: the worker closed it or died, or broke the protocol (then `violation`
    /// says how).
    virtual void on_disconnected(std::exception_ptr violation) noexcept = 0;

protected:
    WorkerLinkListener() = default;
    ~WorkerLinkListener() = default;
};

/// Whether a call may travel with others: it is small, and its time is nobody's concern.
[[nodiscard]] bool can_join(const Work& work) noexcept;

/// Calls that travel together, and bytes of their arguments, at most.
inline constexpr std::size_t kMaxCallsTogether = 64;
inline constexpr std::size_t kMaxBytesTogether = std::size_t{32} << 10;

/// The parent's end of one worker: its RPC channel and the memory shared with it.
///
/// Sends work, in order; the worker runs one piece at a time and answers in that order. Work that
/// the worker has not begun can be taken back, exactly: either it was begun, or it never will be.
///
/// Calls can travel together in one message, whose answer comes when the last of them is made. What
/// is completed of it before can be had by harvest().
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

    /// The calls that this is, those in chunks included.
    [[nodiscard]] std::uint64_t calls_in_flight() const noexcept;

    /// The messages in which that is.
    [[nodiscard]] std::size_t messages() const noexcept;

    /// Whether several calls, or a chunk, would have memory for their results.
    [[nodiscard]] bool has_half() const noexcept;

    /// Whether large arguments can be sent: one piece of work at a time has the area for them.
    [[nodiscard]] bool can_take(const Work& work) const noexcept;

    /// One chunk, one call, or several calls in one message: see can_join().
    void send(std::span<Work* const> works);

    /// Gives out what is completed of calls that travel together.
    void harvest();

    /// Ends the channel: the worker finishes what it is at, and exits.
    void close() noexcept;

    /// Takes back everything that the worker has not begun, in order.
    [[nodiscard]] std::vector<Work*> revoke();

    /// The work that is running or comes next, or nothing.
    [[nodiscard]] Work* running() const noexcept;

    /// Around each read of captured output; the second returns whose it is, or null.
    void begin_reading() const noexcept { area_.set_reading(true); }

    [[nodiscard]] Work* end_reading() const noexcept;

    /// Whether this piece of work is here.
    [[nodiscard]] bool has(const Work& work) const noexcept;

    /// Everything sent and not answered.
    [[nodiscard]] std::vector<Work*> outstanding() const;

    /// Sets the cancel request for exactly this piece of work, if the worker is at it now. Returns
    /// whether that is so, and the worker is to be interrupted.
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
    struct Message {
        process::Sequence first;
        std::vector<Work*> works;  // numbered from `first`; null: settled, or taken back
        SharedArea::Half half;     // lent to the results
        bool shared_arguments;
        std::size_t live;           // works that are not null
        std::uint32_t harvested;    // of several calls: how many results were given out
        std::size_t harvest_bytes;  // and how long they were
    };

    kj::Promise<void> send_call(const Message& message);
    kj::Promise<void> send_calls(const Message& message);
    kj::Promise<void> send_chunk(const Message& message);
    [[nodiscard]] static capnp::MessageSize size_hint(const Message& message);
    [[nodiscard]] SharedArea::Half free_half() const noexcept;
    [[nodiscard]] std::optional<process::Sequence> sequence_of(const Work& work) const noexcept;
    void load_module_of(const FunctionKey& key);
    void put_arguments(schema::Payload::Builder payload, Work& work, bool shared);
    [[nodiscard]] bool wants_shared(const Work& work) const noexcept;
    void on_call_answer(process::Sequence sequence, schema::Outcome::Reader outcome);
    void on_calls_answer(process::Sequence first, schema::Results::Reader results);
    void on_chunk_answer(
        process::Sequence sequence, const schema::Worker::ChunkResults::Reader& results);
    void give_out(
        Message& message,
        std::uint32_t done,
        std::span<const std::byte> results,
        std::chrono::nanoseconds elapsed);
    void on_failure(process::Sequence sequence, kj::Exception&& exception);
    void settle(process::Sequence sequence, const Reply& reply);
    void on_end();
    void break_off(std::exception_ptr violation);
    void require_begun(const Message& message, std::size_t count) const;
    [[nodiscard]] Message& find(process::Sequence first);
    void remove(const Message& message);
    Work* release(Message& message, std::size_t index) noexcept;
    [[nodiscard]] std::span<const std::byte> bytes_of(
        const Message& message, schema::Payload::Reader payload) const;
    [[nodiscard]] std::span<const std::byte> bytes_of(
        const Message& message, schema::Results::Reader results);
    void taskFailed(kj::Exception&& exception) override;

    const WorkerPoolOptions& options_;
    WorkerLinkListener& listener_;
    process::WorkerPage page_;
    SharedArea area_;
    ipc::UvMessageStream stream_;
    capnp::TwoPartyVatNetwork network_;
    capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
    schema::Worker::Client worker_;
    std::deque<Message> messages_;
    std::size_t in_flight_ = 0;      // pieces of work in them that are not settled
    std::vector<std::byte> joined_;  // results that came in two parts
    bool broken_ = false;            // the worker broke the protocol: it settles nothing any more
    std::string end_reason_;         // what KJ says the channel ended of
    std::unordered_set<std::uint64_t> known_modules_;
    process::Sequence last_sequence_ = 0;
    kj::TaskSet answers_;
};

}  // namespace aiomisc::detail
