// SPDX-License-Identifier: MIT
#pragma once

#include "fork_guard.h"

#include <aiomisc/ipc/schema/capnp_compat.h>
#include <aiomisc/ipc/schema/worker.capnp.h>
#include <aiomisc/ipc/stream/blocking_message_stream.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/process/worker_page.h>

#include <cstdint>
#include <span>

namespace aiomisc::detail {

class ResultFrame;

/// What a worker process does: calls functions, one at a time, in the order in which the parent
/// asks.
///
/// Affinity:  fork-child.
class WorkerServer final : public schema::Worker::Server {
public:
    WorkerServer(
        std::uint32_t worker_id,
        process::WorkerPage& page,
        ipc::BlockingMessageStream& stream,
        std::size_t max_payload_bytes);
    WorkerServer(const WorkerServer&) = delete;
    WorkerServer& operator=(const WorkerServer&) = delete;
    ~WorkerServer() noexcept;

    kj::Promise<void> call(CallContext context) override;
    kj::Promise<void> chunk(ChunkContext context) override;
    kj::Promise<void> load(LoadContext context) override;

private:
    bool begin(process::Sequence sequence, std::uint64_t call_id, std::uint32_t attempt);
    void end() noexcept;
    [[nodiscard]] std::span<std::byte> result_memory(process::Sequence sequence) const;
    [[nodiscard]] std::span<const std::byte> arguments_of(schema::Payload::Reader payload);

    process::WorkerPage& page_;
    SharedArea area_;
    ipc::BlockingMessageStream& stream_;
    std::size_t max_payload_bytes_;
    ipc::Buffer expanded_;
    ipc::Buffer result_;
    ForkGuard guard_;
};

/// Serves `channel` until the parent closes it. Returns the status to exit with.
int serve(
    std::uint32_t worker_id,
    UniqueFd channel,
    process::WorkerPage& page,
    std::size_t max_payload_bytes);

}  // namespace aiomisc::detail
