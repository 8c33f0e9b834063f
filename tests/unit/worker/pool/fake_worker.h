// SPDX-License-Identifier: MIT
#pragma once

#include "support/async_test.h"

#include <aiomisc/ipc/schema/capnp_compat.h>
#include <aiomisc/ipc/schema/worker.capnp.h>
#include <aiomisc/ipc/stream/frame.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/pool/worker_link.h>
#include <aiomisc/worker/process/worker_page.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <capnp/rpc.capnp.h>

// A worker played by the test, at the far end of a WorkerLink: it says what no worker of ours says.
namespace aiomisc::test {

/// A piece of work that keeps nothing but its arguments.
class FakeWork final : public detail::Work {
public:
    explicit FakeWork(std::string_view arguments_text = {}, std::uint32_t calls = 0);

    void succeeded(std::span<const std::byte>) noexcept override {}

    detail::Tally chunk_done(
        std::uint32_t, std::span<const std::byte>, std::chrono::nanoseconds) noexcept override {
        return {};
    }

    detail::Tally worker_died(
        std::exception_ptr, std::uint32_t, std::span<const std::byte>) noexcept override {
        return {};
    }

    void failed(std::exception_ptr) noexcept override {}

    void was_cancelled() noexcept override {}

    [[nodiscard]] bool abandoned() const noexcept override { return false; }

    void hold() noexcept override {}

    void drop() noexcept override {}
};

/// What a WorkerLink told.
class LinkRecorder final : public detail::WorkerLinkListener {
public:
    struct Answer {
        const detail::Work* work;
        detail::Reply::Kind kind;
        std::string bytes;
        std::uint32_t done;
    };

    std::vector<Answer> answers;
    std::vector<const detail::Work*> returned;  ///< there was no room for their results
    int ends = 0;                               ///< how often it told that the channel ended
    std::string violation;                      ///< of the protocol, if that was why

private:
    void before_replies() noexcept override {}

    void on_reply(detail::Work& work, const detail::Reply& reply) noexcept override;
    void on_returned(const std::vector<detail::Work*>& works) noexcept override;
    void on_disconnected(std::exception_ptr error) noexcept override;
};

/// The bytes of a message to the parent.
std::string rpc_message(const std::function<void(capnp::rpc::Message::Builder)>& fill);

/// The answer to the parent's first message, which asks for the worker.
std::string bootstrap_answer();

/// An answer to question `question`, with whatever outcome.
std::string call_answer(
    std::uint32_t question, const std::function<void(schema::Outcome::Builder)>& fill);
std::string chunk_answer(
    std::uint32_t question, const std::function<void(schema::Worker::ChunkResults::Builder)>& fill);

std::string calls_answer(
    std::uint32_t question, const std::function<void(schema::Results::Builder)>& fill);

/// The answer of a call that returned these bytes.
std::string value_answer(std::uint32_t question, std::string_view bytes);

/// A link, and the fake worker at the other end of it.
///
/// Questions are numbered by Cap'n Proto: 0 is the bootstrap, and the first pieces of work follow
/// from 1.
struct Linked {
    explicit Linked(WorkerPoolOptions pool_options = {});

    /// Sends work, without the worker's beginning it.
    void post(detail::Work& work);

    /// Sends work, which the worker begins at once.
    void send(detail::Work& work);

    /// Sends calls in one message, all of which the worker begins.
    void send_together(const std::vector<detail::Work*>& works);

    /// As a worker that begins the piece of work with this number, from 1.
    void begin(process::Sequence sequence);

    /// The worker says these bytes. Returns whether the parent takes them.
    bool say(std::string_view bytes) const;

    /// What the parent sent since the last call.
    std::string heard() const;

    /// Waits until that many answers were told. Returns whether they were.
    Task<bool> answered(std::size_t count) const;

    /// Waits until the end of the channel was told. Returns whether it was.
    Task<bool> ended() const;

    WorkerPoolOptions options;
    LinkRecorder recorder;
    process::Sequence sent = 0;
    UniqueFd channel;  ///< the worker's end
    std::optional<process::WorkerPage> page;
    std::optional<detail::WorkerLink> link;
};

}  // namespace aiomisc::test
