// SPDX-License-Identifier: MIT
#pragma once

#include "fork_guard.h"

#include <aiomisc/ipc/schema/capnp_compat.h>
#include <aiomisc/ipc/schema/worker.capnp.h>
#include <aiomisc/ipc/stream/blocking_message_stream.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/registry.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace aiomisc::detail {

class ChunkRunner;

/// What a worker process does: calls functions, one at a time, in the order in which the parent
/// asks.
///
/// Affinity:  fork-child.
class WorkerServer final : public schema::Worker::Server {
public:
    WorkerServer(std::uint32_t worker_id, process::WorkerPage& page, std::size_t max_payload_bytes);
    WorkerServer(const WorkerServer&) = delete;
    WorkerServer& operator=(const WorkerServer&) = delete;
    ~WorkerServer() noexcept;

    kj::Promise<void> call(CallContext context) override;
    kj::Promise<void> calls(CallsContext context) override;
    kj::Promise<void> chunk(ChunkContext context) override;
    kj::Promise<void> load(LoadContext context) override;

private:
    bool begin(process::Sequence sequence, std::uint64_t call_id, std::uint32_t attempt);
    void end() noexcept;
    [[nodiscard]] bool output_is_taken() const noexcept;
    void make_calls(
        ChunkRunner& runner,
        const Thunk& thunk,
        std::span<const std::byte> arguments,
        std::uint32_t count,
        std::chrono::nanoseconds budget);
    [[nodiscard]] std::span<std::byte> result_memory(schema::Half half) const;
    [[nodiscard]] std::span<const std::byte> arguments_of(schema::Payload::Reader payload);
    [[nodiscard]] const Thunk& thunk_of(schema::FunctionId::Reader function) const;

    process::WorkerPage& page_;
    SharedArea area_;
    std::size_t max_payload_bytes_;
    ipc::Buffer expanded_;
    ipc::Buffer result_;
    ForkGuard guard_;
    std::map<std::uint64_t, std::string> load_failures_;  // of modules, with the reason
};

/// Serves `channel` until the parent closes it. Returns the status to exit with.
int serve(
    std::uint32_t worker_id,
    UniqueFd channel,
    process::WorkerPage& page,
    std::size_t max_payload_bytes);

}  // namespace aiomisc::detail
