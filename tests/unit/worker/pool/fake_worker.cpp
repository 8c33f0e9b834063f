// SPDX-License-Identifier: MIT
#include "unit/worker/pool/fake_worker.h"

#include "support/wait_until.h"
#include "unit/ipc/stream/wire.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>

#include <utility>

#include <capnp/capability.h>
#include <capnp/serialize.h>
#include <kj/debug.h>

namespace aiomisc::test {

namespace {

constexpr std::size_t kSharedBytes = std::size_t{64} << 10;

Task<bool> eventually_true(std::function<bool()> condition) {
    const auto deadline = Clock::now() + std::chrono::seconds(10) * kPatience;
    while (!condition()) {
        if (Clock::now() >= deadline) {
            co_return false;
        }
        co_await sleep(Duration::zero());
    }
    co_return true;
}

std::string text_of_bytes(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

FakeWork::FakeWork(std::string_view arguments_text, std::uint32_t calls)
    : Work(std::size_t{1} << 30) {
    arguments.append(arguments_text.data(), arguments_text.size());
    count = calls;
}

void LinkRecorder::on_reply(detail::Work& work, const detail::Reply& reply) noexcept {
    answers.push_back({&work, reply.kind, text_of_bytes(reply.bytes), reply.done});
}

void LinkRecorder::on_returned(const std::vector<detail::Work*>& works) noexcept {
    returned.insert(returned.end(), works.begin(), works.end());
}

void LinkRecorder::on_disconnected(std::exception_ptr error) noexcept {
    ++ends;
    if (error && violation.empty()) {
        violation = describe_exception(error);
    }
}

std::string rpc_message(const std::function<void(capnp::rpc::Message::Builder)>& fill) {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<capnp::rpc::Message>());
    const auto words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

std::string bootstrap_answer() {
    return rpc_message([](capnp::rpc::Message::Builder message) {
        auto answer = message.initReturn();
        answer.setAnswerId(0);
        auto results = answer.initResults();
        results.initCapTable(1)[0].setSenderHosted(0);
        // Any capability will do: what is written is its place in the table.
        capnp::BuilderCapabilityTable table;
        table.imbue(results.getContent())
            .setAs<capnp::Capability>(capnp::Capability::Client(KJ_EXCEPTION(FAILED, "no use")));
    });
}

std::string call_answer(
    std::uint32_t question, const std::function<void(schema::Outcome::Builder)>& fill) {
    return rpc_message([&](capnp::rpc::Message::Builder message) {
        auto answer = message.initReturn();
        answer.setAnswerId(question);
        fill(answer.initResults().getContent().initAs<schema::Worker::CallResults>().initOutcome());
    });
}

std::string chunk_answer(
    std::uint32_t question,
    const std::function<void(schema::Worker::ChunkResults::Builder)>& fill) {
    return rpc_message([&](capnp::rpc::Message::Builder message) {
        auto answer = message.initReturn();
        answer.setAnswerId(question);
        fill(answer.initResults().getContent().initAs<schema::Worker::ChunkResults>());
    });
}

std::string calls_answer(
    std::uint32_t question, const std::function<void(schema::Results::Builder)>& fill) {
    return rpc_message([&](capnp::rpc::Message::Builder message) {
        auto answer = message.initReturn();
        answer.setAnswerId(question);
        fill(
            answer.initResults().getContent().initAs<schema::Worker::CallsResults>().initResults());
    });
}

std::string value_answer(std::uint32_t question, std::string_view bytes) {
    return call_answer(question, [bytes](schema::Outcome::Builder outcome) {
        outcome.initValue().setInline(
            {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()});
    });
}

Linked::Linked(WorkerPoolOptions pool_options) : options(std::move(pool_options)) {
    auto [ours, theirs] = socket_pair();
    auto [parent_page, file] =
        process::WorkerPage::create(detail::SharedArea::page_bytes(kSharedBytes));
    channel = std::move(theirs);
    page = process::WorkerPage::map(file);
    link.emplace(EventLoop::current(), std::move(ours), std::move(parent_page), options, recorder);
}

void Linked::post(detail::Work& work) {
    detail::Work* const works[] = {&work};
    link->send(works);
    ++sent;
}

void Linked::send(detail::Work& work) {
    post(work);
    begin(sent);
}

void Linked::send_together(const std::vector<detail::Work*>& works) {
    link->send(works);
    for (std::size_t index = 0; index < works.size(); ++index) {
        begin(++sent);
    }
}

void Linked::begin(process::Sequence sequence) {
    static_cast<void>(page->worker_claim(sequence));
}

bool Linked::say(std::string_view bytes) const {
    return send_all(channel, bytes);
}

std::string Linked::heard() const {
    return receive_some_bytes(channel);
}

Task<bool> Linked::answered(std::size_t count) const {
    co_return co_await eventually_true([this, count] { return recorder.answers.size() >= count; });
}

Task<bool> Linked::ended() const {
    co_return co_await eventually_true([this] { return recorder.ends > 0; });
}

}  // namespace aiomisc::test
