// SPDX-License-Identifier: MIT
#include "worker_link.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/kj/event_port.h>
#include <aiomisc/runtime/kj/promise.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <kj/debug.h>

namespace aiomisc::detail {

namespace {

/// How long a worker may go on with a chunk before it reports what it has.
constexpr std::chrono::milliseconds kChunkBudget{20};

capnp::ReaderOptions reader_options(const WorkerPoolOptions& options) {
    capnp::ReaderOptions reader;
    reader.traversalLimitInWords =
        ipc::limits_for_payload(options.max_payload_bytes).max_message_bytes / sizeof(capnp::word) *
        2;
    return reader;
}

schema::Worker::Client bootstrap(capnp::RpcSystem<capnp::rpc::twoparty::VatId>& rpc) {
    capnp::word scratch[4]{};
    capnp::MallocMessageBuilder message(scratch);
    auto vat = message.initRoot<capnp::rpc::twoparty::VatId>();
    vat.setSide(capnp::rpc::twoparty::Side::SERVER);
    return rpc.bootstrap(vat).castAs<schema::Worker>();
}

capnp::Data::Reader data_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

schema::Compression method_of(ipc::Compression method) noexcept {
    switch (method) {
        case ipc::Compression::kLz4:
            return schema::Compression::LZ4;
        case ipc::Compression::kZstd:
            return schema::Compression::ZSTD;
        case ipc::Compression::kNone:
            break;
    }
    return schema::Compression::NONE;
}

}  // namespace

WorkerLink::WorkerLink(
    EventLoop& loop,
    UniqueFd channel,
    process::WorkerPage page,
    const WorkerPoolOptions& options,
    WorkerLinkListener& listener)
    : options_(options),
      listener_(listener),
      page_(std::move(page)),
      area_(page_),
      stream_(
          (loop.extension<KjLoop>(), loop),
          std::move(channel),
          ipc::limits_for_payload(options.max_payload_bytes)),
      network_(stream_, capnp::rpc::twoparty::Side::CLIENT, reader_options(options)),
      rpc_(capnp::makeRpcClient(network_)),
      worker_(bootstrap(rpc_)),
      answers_(*this) {
    answers_.add(network_.onDisconnect().then([this] { on_end(); }));
}

WorkerLink::~WorkerLink() = default;

bool WorkerLink::wants_shared(const Work& work) const noexcept {
    return work.arguments.size() >= options_.share_above_bytes &&
           work.arguments.size() <= area_.arguments().size();
}

bool WorkerLink::can_take(const Work& work) const noexcept {
    return !wants_shared(work) || std::none_of(sent_.begin(), sent_.end(), [](const Sent& sent) {
        return sent.work != nullptr && sent.shared_arguments;
    });
}

void WorkerLink::send(Work& work) {
    const process::Sequence sequence = ++last_sequence_;
    const bool shared = wants_shared(work);
    load_module_of(work.function);
    sent_.push_back({&work, sequence, work.is_chunk(), shared});
    ++in_flight_;
    try {
        answers_.add(
            work.is_chunk() ? send_chunk(work, sequence, shared)
                            : send_call(work, sequence, shared));
    } catch (...) {
        release(sent_.back());
        sent_.pop_back();
        throw;
    }
}

void WorkerLink::load_module_of(const FunctionKey& key) {
    if (!known_modules_.insert(key.module).second) {
        return;
    }
    const std::string path = path_of_module(key.module);
    if (path.empty()) {
        return;  // the executable, which every process of ours is
    }
    auto request = worker_.loadRequest();
    request.setPath(path.c_str());
    request.setModule(key.module);
    // Calls arrive in order, and a module that cannot be loaded makes the call after it fail with
    // that.
    request.send().ignoreResult().detach([](kj::Exception&&) {});
}

void WorkerLink::put_arguments(schema::Payload::Builder payload, Work& work, bool shared) {
    const auto bytes = std::as_const(work.arguments).span();
    if (shared) {
        std::memcpy(area_.arguments().data(), bytes.data(), bytes.size());
        payload.setShared(bytes.size());
        return;
    }
    if (auto compressed = ipc::compress(options_.compression, bytes)) {
        auto group = payload.initCompressed();
        group.setData(data_of(std::as_const(*compressed).span()));
        group.setMethod(method_of(options_.compression.method));
        group.setSize(bytes.size());
        return;
    }
    payload.setInline(data_of(bytes));
}

kj::Promise<void> WorkerLink::send_call(Work& work, process::Sequence sequence, bool shared) {
    const std::size_t inline_words = shared ? 0 : work.arguments.size() / sizeof(capnp::word) + 1;
    auto request = worker_.callRequest(capnp::MessageSize{24 + inline_words, 0});
    request.setSequence(sequence);
    request.setCallId(work.id);
    request.setAttempt(work.attempt);
    auto function = request.initFunction();
    function.setModule(work.function.module);
    function.setOffset(work.function.offset);
    put_arguments(request.initArguments(), work, shared);
    return request.send().then(
        [this, sequence](capnp::Response<schema::Worker::CallResults>&& results) {
            on_call_answer(sequence, results.getOutcome());
        },
        [this, sequence](kj::Exception&& exception) { on_failure(sequence, kj::mv(exception)); });
}

kj::Promise<void> WorkerLink::send_chunk(Work& work, process::Sequence sequence, bool shared) {
    const std::size_t inline_words = shared ? 0 : work.arguments.size() / sizeof(capnp::word) + 1;
    auto request = worker_.chunkRequest(capnp::MessageSize{24 + inline_words, 0});
    request.setSequence(sequence);
    request.setCount(work.count);
    request.setBudgetMicroseconds(
        static_cast<std::uint32_t>(std::chrono::microseconds(kChunkBudget).count()));
    auto function = request.initFunction();
    function.setModule(work.function.module);
    function.setOffset(work.function.offset);
    put_arguments(request.initArguments(), work, shared);
    return request.send().then(
        [this, sequence](capnp::Response<schema::Worker::ChunkResults>&& results) {
            on_chunk_answer(sequence, results);
        },
        [this, sequence](kj::Exception&& exception) { on_failure(sequence, kj::mv(exception)); });
}

WorkerLink::Sent& WorkerLink::find(process::Sequence sequence) {
    const auto found = std::find_if(sent_.begin(), sent_.end(), [sequence](const Sent& sent) {
        return sent.sequence == sequence;
    });
    KJ_ASSERT(found != sent_.end());
    return *found;
}

Work* WorkerLink::release(Sent& sent) noexcept {
    in_flight_ -= sent.work != nullptr ? 1 : 0;
    return std::exchange(sent.work, nullptr);
}

/// Gives the answer to whoever waits for it; what was taken back has nobody.
void WorkerLink::settle(process::Sequence sequence, const Reply& reply) {
    Work* work = release(find(sequence));
    std::erase_if(sent_, [sequence](const Sent& sent) { return sent.sequence == sequence; });
    if (work != nullptr) {
        listener_.on_reply(*work, reply);
    }
    area_.consume(sequence);
}

std::span<const std::byte> WorkerLink::bytes_of(
    process::Sequence sequence, schema::Payload::Reader payload) const {
    if (payload.isInline()) {
        const auto data = payload.getInline();
        return std::as_bytes(std::span(data.begin(), data.size()));
    }
    const auto area = area_.results(sequence);
    KJ_REQUIRE(
        payload.isShared() && payload.getShared() <= area.size(),
        "worker sent a result of an unknown kind");
    return area.first(payload.getShared());
}

void WorkerLink::on_call_answer(process::Sequence sequence, schema::Outcome::Reader outcome) {
    if (broken_) {
        return;
    }
    // All is checked before anything is settled: what a worker that breaks the protocol had begun
    // fails with that, once it is gone.
    Reply reply;
    switch (outcome.which()) {
        case schema::Outcome::VALUE:
            reply.bytes = bytes_of(sequence, outcome.getValue());
            break;
        case schema::Outcome::ERROR: {
            const auto data = outcome.getError();
            reply.kind = Reply::Kind::kError;
            reply.bytes = std::as_bytes(std::span(data.begin(), data.size()));
            break;
        }
        case schema::Outcome::CANCELLED:
            reply.kind = Reply::Kind::kCancelled;
            break;
        case schema::Outcome::REVOKED:
            KJ_REQUIRE(
                find(sequence).work == nullptr,
                "worker says that a call was revoked, and it was not");
            break;
        default:
            KJ_FAIL_REQUIRE("worker sent an outcome of an unknown kind");
    }
    settle(sequence, reply);
}

void WorkerLink::on_chunk_answer(
    process::Sequence sequence, const schema::Worker::ChunkResults::Reader& results) {
    if (broken_) {
        return;
    }
    Reply reply;
    reply.kind = Reply::Kind::kChunk;
    if (!results.getRevoked()) {
        reply.bytes = bytes_of(sequence, results.getResults());
        reply.done = results.getDone();
        reply.elapsed = std::chrono::nanoseconds(results.getElapsedNanoseconds());
    }
    if (const Work* work = find(sequence).work) {
        KJ_REQUIRE(!results.getRevoked(), "worker says that a chunk was revoked, and it was not");
        // At least one call is made, or the rest would be sent again for ever.
        KJ_REQUIRE(
            reply.done <= work->count && (reply.done > 0 || work->abandoned()),
            "worker sent a wrong count of results");
    }
    settle(sequence, reply);
}

void WorkerLink::on_failure(process::Sequence sequence, kj::Exception&& exception) {
    if (broken_) {
        return;
    }
    // Cap'n Proto marks what the server threw. Anything else is the end of the channel: what was
    // sent stays in sent_ for remains().
    if (!exception.getDescription().startsWith("remote exception:")) {
        end_reason_ = exception.getDescription().cStr();
        return;
    }
    ipc::Buffer encoded;
    ipc::encode(encoded, ipc::encode_exception(to_exception_ptr(exception)));
    settle(sequence, {Reply::Kind::kError, std::as_const(encoded).span(), 0, {}});
}

void WorkerLink::on_end() {
    if (stream_.peer_gone()) {
        listener_.on_disconnected(nullptr);
        return;
    }
    // We hung up, because of what the worker sent.
    KJ_IF_MAYBE (error, stream_.error()) {
        end_reason_ = error->getDescription().cStr();
    }
    break_off(std::make_exception_ptr(ProtocolError(
        "worker sent what the protocol forbids" +
        (end_reason_.empty() ? std::string() : ": " + end_reason_))));
}

void WorkerLink::break_off(std::exception_ptr violation) {
    broken_ = true;
    listener_.on_disconnected(std::move(violation));
}

void WorkerLink::taskFailed(kj::Exception&& exception) {
    // A check of an answer failed: the worker broke the protocol.
    break_off(to_exception_ptr(exception));
}

std::vector<Work*> WorkerLink::revoke() {
    std::vector<Work*> taken;
    const process::Sequence started = page_.revoke(last_sequence_);
    for (Sent& sent : sent_) {
        if (process::sequence_after(sent.sequence, started) && sent.work != nullptr) {
            taken.push_back(release(sent));
        }
    }
    return taken;
}

void WorkerLink::close() noexcept {
    stream_.shutdown();
}

bool WorkerLink::has(const Work& work) const noexcept {
    return std::any_of(
        sent_.begin(), sent_.end(), [&work](const Sent& sent) { return sent.work == &work; });
}

std::vector<Work*> WorkerLink::outstanding() const {
    std::vector<Work*> works;
    for (const Sent& sent : sent_) {
        if (sent.work != nullptr) {
            works.push_back(sent.work);
        }
    }
    return works;
}

Work* WorkerLink::running() const noexcept {
    return sent_.empty() ? nullptr : sent_.front().work;
}

bool WorkerLink::request_cancel(const Work& work) noexcept {
    const auto found = std::find_if(
        sent_.begin(), sent_.end(), [&work](const Sent& sent) { return sent.work == &work; });
    if (found == sent_.end()) {
        return false;
    }
    page_.request_cancel(found->sequence);
    return true;
}

WorkerLink::Remains WorkerLink::remains() {
    Remains remains;
    remains.not_begun = revoke();
    remains.phase = area_.phase();
    remains.note = std::as_const(page_).crash_note().text();
    for (Sent& sent : sent_) {
        if (Work* work = release(sent)) {
            remains.lost.push_back(
                {work, area_.progress(sent.sequence), area_.results(sent.sequence)});
        }
    }
    return remains;
}

}  // namespace aiomisc::detail
