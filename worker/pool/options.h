// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/compression/compression.h>
#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/registry/thunk.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace aiomisc {

/// A function to run once in the supervisor before any worker exists, with its arguments:
/// `initialize_with<fn>(…)`. Workers, and those that replace them, share the memory it made,
/// copy-on-write.
class Initializer {
public:
    Initializer(const detail::Thunk& thunk, ipc::Buffer arguments)
        : thunk_(&thunk), arguments_(std::make_shared<const ipc::Buffer>(std::move(arguments))) {}

    [[nodiscard]] const detail::Thunk& thunk() const noexcept { return *thunk_; }

    [[nodiscard]] std::span<const std::byte> arguments() const noexcept {
        return arguments_->span();
    }

private:
    const detail::Thunk* thunk_;
    std::shared_ptr<const ipc::Buffer> arguments_;
};

/// Errors: EncodeError (an argument cannot be encoded).
template <auto kFunction, typename... Arguments>
Initializer initialize_with(Arguments&&... arguments) {
    using Signature = detail::FunctionSignature<kFunction>;
    ipc::Buffer encoded;
    Signature::encode(encoded, std::forward<Arguments>(arguments)...);
    return Initializer(Signature::Thunk::kRegistration.thunk(), std::move(encoded));
}

/// Told, in the loop, what a call writes to stdout and stderr; see
/// WorkerPoolOptions::capture_output. It must not destroy the pool.
using OutputHandler = std::function<void(bool is_stderr, std::span<const std::byte> bytes)>;

struct WorkerPoolOptions {
    /// Processes to run calls in. 0: as many as the machine has processors for us.
    std::size_t workers = 0;
    /// Calls that may wait for a worker; 0: no limit. At the limit create_task() throws QueueFull;
    /// room() waits. Those of a map do not count: MapOptions bounds them.
    std::size_t max_overflow = 0;
    /// Run once in the supervisor before it forks workers.
    std::optional<Initializer> initializer{};
    /// Limit of the initializer, and of the start of a worker.
    std::chrono::milliseconds start_timeout{std::chrono::seconds(30)};
    /// Limit of each call, from when it is sent to a worker. None: no limit.
    std::optional<std::chrono::milliseconds> call_timeout{};
    /// How long a worker may go on with a call that was cancelled before it is killed. None: for
    /// ever.
    std::optional<std::chrono::milliseconds> cancel_grace{std::chrono::seconds(1)};
    /// A worker is replaced after this many calls; 0: never.
    std::uint64_t recycle_after_calls = 0;
    /// A worker is replaced once its resident memory, looked at between calls, is above this; 0:
    /// never.
    std::size_t recycle_above_rss_bytes = 0;
    /// Largest encoded arguments, and largest encoded result, of one call.
    std::size_t max_payload_bytes = std::size_t{64} << 20;
    /// Arguments and results from this size on go through shared memory instead of the channel.
    std::size_t share_above_bytes = std::size_t{32} << 10;
    /// Shared memory of each worker and direction; taken from the machine only as far as it is
    /// used.
    std::size_t shared_memory_bytes = std::size_t{16} << 20;
    /// Compression of arguments that go through the channel. Off: locally it costs more than it
    /// saves.
    ipc::CompressionOptions compression{};
    /// Limits of each worker process.
    process::ResourceLimits limits{};
    /// Added to the niceness of the workers.
    int nice = 0;
    /// Deaths of workers, without one finished call between them, after which the pool is
    /// PoolBroken.
    /// 0: five for each worker, at least 20.
    std::size_t restart_limit = 0;
    std::chrono::milliseconds restart_window{std::chrono::seconds(30)};
    /// Workers do not inherit stdout and stderr: what a call writes goes to its
    /// CallOptions::on_output, all of it before the call settles. What is written between calls
    /// goes to our stdout and stderr. Calls that print are not sent to a worker together.
    bool capture_output = false;
    /// Name in logs and statistics.
    std::string name = "pool";
    /// Name of the pool's WorkerPoolStatistic; empty: `name`.
    std::string statistic_name{};
};

struct CallOptions {
    /// Instead of WorkerPoolOptions::call_timeout.
    std::optional<std::chrono::milliseconds> timeout{};
    /// What this_task::attempt() tells the function.
    std::uint32_t attempt = 1;
    /// Gets the output of this call; needs WorkerPoolOptions::capture_output. What it throws goes
    /// to the loop's exception handler.
    std::shared_ptr<const OutputHandler> on_output{};
    /// Cancelled while a worker is at it, the call ends only when that is done with it: with the
    /// result that it had, or has all the same, or with CancelledError; with WorkerDied if it went
    /// on for longer than cancel_grace. Until then on_output gets its output. One whose handle is
    /// dropped ends at once.
    bool wait_when_cancelled = false;
};

struct CloseOptions {
    /// Let queued and running calls finish first; otherwise they fail with PoolClosed.
    bool graceful = false;
    /// Limit of a graceful close; what is left then fails with PoolClosed.
    std::chrono::milliseconds timeout{std::chrono::seconds(30)};
};

struct MapOptions {
    /// Results in the order of the inputs; otherwise as they are completed.
    bool ordered = true;
    /// Calls in one message; 0: chosen from the measured time of the calls. Never more than
    /// WorkerPoolOptions::recycle_after_calls; one, if calls have a time limit.
    std::uint32_t chunk_size = 0;
    /// Messages on the way, or completed and not yet taken; 0: four for each worker. This bounds
    /// the memory.
    std::size_t max_chunks = 0;
};

/// What a pool has done so far. Counters only grow.
struct WorkerPoolStatistics {
    std::uint64_t submitted = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;  ///< the function threw
    std::uint64_t cancelled = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t died = 0;      ///< calls that failed because their worker died
    std::uint64_t rejected = 0;  ///< calls that failed because the pool closed or broke
    std::uint64_t spawned = 0;   ///< workers that came to life
    std::uint64_t exited = 0;    ///< workers that ended, expected or not
    std::uint64_t killed = 0;    ///< of these, by the pool
    std::uint64_t recycled = 0;
    std::uint64_t protocol_errors = 0;
    std::size_t queued = 0;   ///< calls waiting now
    std::size_t running = 0;  ///< calls at a worker now
    std::size_t workers = 0;  ///< workers alive now
};

}  // namespace aiomisc
