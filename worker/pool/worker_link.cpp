// SPDX-License-Identifier: MIT
#include "worker_link.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/ipc/compression/compression.h>
#include <aiomisc/runtime/kj/event_port.h>
#include <aiomisc/runtime/kj/promise.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include <capnp/rpc.capnp.h>
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

/// A worker answers and asks for nothing. Cap'n Proto would serve what else it may send, and
/// remember each request until the other side says that it is done with it: without a limit.
void require_answer(capnp::MessageReader& message) {
    const auto root = message.getRoot<capnp::rpc::Message>();
    if (root.isAbort()) {
        const auto reason = root.getAbort();
        // This is also how Cap'n Proto says farewell when we have closed the channel.
        KJ_REQUIRE(
            reason.getType() == capnp::rpc::Exception::Type::DISCONNECTED,
            "worker gave up the channel",
            reason.getReason());
        kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "worker left the channel"));
    }
    KJ_REQUIRE(root.isReturn(), "worker sent a message that is no answer");
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

schema::Half half_of(SharedArea::Half half) noexcept {
    return static_cast<schema::Half>(half);
}

Reply::Kind kind_of(ItemKind kind) noexcept {
    switch (kind) {
        case ItemKind::kValue:
            return Reply::Kind::kValue;
        case ItemKind::kError:
            return Reply::Kind::kError;
        case ItemKind::kCancelled:
            break;
    }
    return Reply::Kind::kCancelled;
}

void put_function(schema::FunctionId::Builder function, const FunctionKey& key) {
    function.setModule(key.module);
    function.setOffset(key.offset);
}

}  // namespace

bool can_join(const Work& work) noexcept {
    constexpr std::size_t kLargest = 1024;
    return !work.is_chunk() && !work.timeout && work.arguments.size() <= kLargest;
}

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
          ipc::limits_for_payload(options.max_payload_bytes),
          &require_answer),
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
    return !wants_shared(work) || std::ranges::none_of(messages_, [](const Message& message) {
        return message.live > 0 && message.shared_arguments;
    });
}

std::size_t WorkerLink::messages() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(messages_, [](const Message& message) { return message.live > 0; }));
}

std::uint64_t WorkerLink::calls_in_flight() const noexcept {
    std::uint64_t calls = 0;
    for (const Message& message : messages_) {
        const Work* first = message.works.front();
        calls += first != nullptr && first->is_chunk() ? first->allowed : message.live;
    }
    return calls;
}

SharedArea::Half WorkerLink::free_half() const noexcept {
    for (const SharedArea::Half half : {SharedArea::Half::kFirst, SharedArea::Half::kSecond}) {
        if (std::ranges::none_of(
                messages_, [half](const Message& message) { return message.half == half; })) {
            return half;
        }
    }
    return SharedArea::Half::kNone;
}

bool WorkerLink::has_half() const noexcept {
    return free_half() != SharedArea::Half::kNone;
}

void WorkerLink::send(std::span<Work* const> works) {
    const process::Sequence first = last_sequence_ + 1;
    last_sequence_ += static_cast<process::Sequence>(works.size());
    for (const Work* work : works) {
        load_module_of(work->function);
    }
    const Message& message = messages_.emplace_back(Message{
        .first = first,
        .works = {works.begin(), works.end()},
        .half = free_half(),
        .shared_arguments = works.size() == 1 && wants_shared(*works.front()),
        .live = works.size(),
        .harvested = 0,
        .harvest_bytes = 0});
    in_flight_ += works.size();
    try {
        if (works.size() > 1) {
            answers_.add(send_calls(message));
        } else {
            answers_.add(works.front()->is_chunk() ? send_chunk(message) : send_call(message));
        }
    } catch (...) {
        in_flight_ -= works.size();
        messages_.pop_back();
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

capnp::MessageSize WorkerLink::size_hint(const Message& message) {
    std::size_t words = 24;
    if (!message.shared_arguments) {
        for (const Work* work : message.works) {
            words += 8 + work->arguments.size() / sizeof(capnp::word) + 1;
        }
    }
    return {words, 0};
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

kj::Promise<void> WorkerLink::send_call(const Message& message) {
    Work& work = *message.works.front();
    const process::Sequence sequence = message.first;
    auto request = worker_.callRequest(size_hint(message));
    request.setSequence(sequence);
    request.setCallId(work.id);
    request.setAttempt(work.attempt);
    request.setHalf(half_of(message.half));
    put_function(request.initFunction(), work.function);
    put_arguments(request.initArguments(), work, message.shared_arguments);
    return request.send().then(
        [this, sequence](capnp::Response<schema::Worker::CallResults>&& results) {
            on_call_answer(sequence, results.getOutcome());
        },
        [this, sequence](kj::Exception&& exception) { on_failure(sequence, kj::mv(exception)); });
}

kj::Promise<void> WorkerLink::send_calls(const Message& message) {
    const process::Sequence first = message.first;
    auto request = worker_.callsRequest(size_hint(message));
    request.setSequence(first);
    request.setHalf(half_of(message.half));
    request.setCaptured(options_.capture_output);
    auto calls = request.initCalls(static_cast<unsigned>(message.works.size()));
    unsigned index = 0;
    for (const Work* work : message.works) {
        auto call = calls[index++];
        call.setCallId(work->id);
        call.setAttempt(work->attempt);
        put_function(call.initFunction(), work->function);
        call.setArguments(data_of(work->arguments.span()));
    }
    return request.send().then(
        [this, first](capnp::Response<schema::Worker::CallsResults>&& results) {
            on_calls_answer(first, results.getResults());
        },
        [this, first](kj::Exception&& exception) { on_failure(first, kj::mv(exception)); });
}

kj::Promise<void> WorkerLink::send_chunk(const Message& message) {
    Work& work = *message.works.front();
    const process::Sequence sequence = message.first;
    auto request = worker_.chunkRequest(size_hint(message));
    request.setSequence(sequence);
    request.setCount(work.allowed);
    request.setHalf(half_of(message.half));
    request.setBudgetMicroseconds(
        static_cast<std::uint32_t>(std::chrono::microseconds(kChunkBudget).count()));
    put_function(request.initFunction(), work.function);
    put_arguments(request.initArguments(), work, message.shared_arguments);
    return request.send().then(
        [this, sequence](capnp::Response<schema::Worker::ChunkResults>&& results) {
            on_chunk_answer(sequence, results);
        },
        [this, sequence](kj::Exception&& exception) { on_failure(sequence, kj::mv(exception)); });
}

WorkerLink::Message& WorkerLink::find(process::Sequence first) {
    const auto found = std::ranges::find(messages_, first, &Message::first);
    KJ_ASSERT(found != messages_.end());
    return *found;
}

void WorkerLink::remove(const Message& message) {
    std::erase_if(
        messages_, [first = message.first](const Message& other) { return other.first == first; });
}

Work* WorkerLink::release(Message& message, std::size_t index) noexcept {
    Work* work = std::exchange(message.works[index], nullptr);
    if (work != nullptr) {
        --message.live;
        --in_flight_;
    }
    return work;
}

/// An answer to what the worker is not at settles nothing: it may be meant for an earlier call.
void WorkerLink::require_begun(const Message& message, std::size_t count) const {
    const process::Sequence started = page_.started();
    for (std::size_t index = 0; index < count; ++index) {
        const auto sequence = message.first + static_cast<process::Sequence>(index);
        KJ_REQUIRE(
            message.works[index] == nullptr || !process::sequence_after(sequence, started),
            "worker answered a call that it had not begun");
    }
}

/// Gives the answer to whoever waits for it; what was taken back has nobody.
void WorkerLink::settle(process::Sequence sequence, const Reply& reply) {
    Message& message = find(sequence);
    if (Work* work = release(message, 0)) {
        listener_.on_reply(*work, reply);
    }
    remove(message);
}

std::span<const std::byte> WorkerLink::bytes_of(
    const Message& message, schema::Payload::Reader payload) const {
    if (payload.isInline()) {
        const auto data = payload.getInline();
        return std::as_bytes(std::span(data.begin(), data.size()));
    }
    const auto area = area_.results(message.half);
    KJ_REQUIRE(
        payload.isShared() && payload.getShared() <= area.size(),
        "worker sent a result of an unknown kind");
    return area.first(payload.getShared());
}

std::span<const std::byte> WorkerLink::bytes_of(
    const Message& message, schema::Results::Reader results) {
    const auto area = area_.results(message.half);
    KJ_REQUIRE(results.getShared() <= area.size(), "worker sent more results than fit");
    const auto bytes = area.first(results.getShared());
    if (!results.hasOverflow()) {
        return bytes;
    }
    const auto overflow = results.getOverflow();
    const auto last = std::as_bytes(std::span(overflow.begin(), overflow.size()));
    joined_.assign(bytes.begin(), bytes.end());
    joined_.insert(joined_.end(), last.begin(), last.end());
    return joined_;
}

void WorkerLink::on_call_answer(process::Sequence sequence, schema::Outcome::Reader outcome) {
    if (broken_) {
        return;
    }
    listener_.before_replies();
    // All is checked before anything is settled: what a worker that breaks the protocol had begun
    // fails with that, once it is gone.
    const Message& message = find(sequence);
    require_begun(message, 1);
    Reply reply;
    switch (outcome.which()) {
        case schema::Outcome::VALUE:
            reply.bytes = bytes_of(message, outcome.getValue());
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
            KJ_REQUIRE(message.live == 0, "worker says that a call was revoked, and it was not");
            break;
        default:
            KJ_FAIL_REQUIRE("worker sent an outcome of an unknown kind");
    }
    settle(sequence, reply);
}

void WorkerLink::on_calls_answer(process::Sequence first, schema::Results::Reader results) {
    if (broken_) {
        return;
    }
    listener_.before_replies();
    Message& message = find(first);
    const std::uint32_t done = results.getDone();
    // One call at least is made, or the others would be sent again for ever.
    KJ_REQUIRE(
        done <= message.works.size() && (done > 0 || message.works.front() == nullptr),
        "worker sent a wrong count of results");
    give_out(
        message,
        done,
        bytes_of(message, results),
        std::chrono::nanoseconds(results.getElapsedNanoseconds() / std::max(done, 1U)));
    std::vector<Work*> returned;
    for (std::size_t index = done; index < message.works.size(); ++index) {
        if (Work* work = release(message, index)) {
            returned.push_back(work);
        }
    }
    remove(message);
    if (!returned.empty()) {
        listener_.on_returned(returned);
    }
}

/// Settles the first `done` calls of a message, as far as that has not happened.
void WorkerLink::give_out(
    Message& message,
    std::uint32_t done,
    std::span<const std::byte> results,
    std::chrono::nanoseconds elapsed) {
    KJ_REQUIRE(message.harvest_bytes <= results.size(), "worker took results back");
    require_begun(message, done);
    auto rest = results.subspan(message.harvest_bytes);
    while (message.harvested < done) {
        const auto item = cut_item(rest);
        KJ_REQUIRE(item != std::nullopt, "worker sent results that are cut short");
        Work* work = release(message, message.harvested++);
        message.harvest_bytes = results.size() - rest.size();
        if (work != nullptr) {
            listener_.on_reply(*work, {kind_of(item->kind), item->bytes, 0, elapsed});
        }
    }
}

void WorkerLink::harvest() {
    const auto running =
        std::ranges::find_if(messages_, [](const Message& message) { return message.live > 0; });
    if (broken_ || running == messages_.end() || running->works.size() < 2) {
        return;
    }
    Message& message = *running;
    const std::uint32_t done = area_.progress(message.first);
    if (done <= message.harvested) {
        return;
    }
    // In this order: what these calls printed is in the pipes by now.
    listener_.before_replies();
    try {
        KJ_REQUIRE(done <= message.works.size(), "worker made more calls than it was sent");
        give_out(message, done, area_.results(message.half), {});
    } catch (const kj::Exception& exception) {
        break_off(to_exception_ptr(exception));
    }
}

void WorkerLink::on_chunk_answer(
    process::Sequence sequence, const schema::Worker::ChunkResults::Reader& answer) {
    if (broken_) {
        return;
    }
    listener_.before_replies();
    const Message& message = find(sequence);
    require_begun(message, 1);
    Reply reply;
    reply.kind = Reply::Kind::kChunk;
    if (!answer.getRevoked()) {
        const auto results = answer.getResults();
        reply.bytes = bytes_of(message, results);
        reply.done = results.getDone();
        reply.elapsed = std::chrono::nanoseconds(results.getElapsedNanoseconds());
    }
    if (const Work* work = message.works.front()) {
        KJ_REQUIRE(!answer.getRevoked(), "worker says that a chunk was revoked, and it was not");
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
    // sent stays in messages_ for remains().
    if (!exception.getDescription().startsWith("remote exception:")) {
        end_reason_ = exception.getDescription().cStr();
        return;
    }
    listener_.before_replies();
    Message& message = find(sequence);
    require_begun(message, 1);
    ipc::Buffer encoded;
    ipc::encode(encoded, ipc::encode_exception(to_exception_ptr(exception)));
    for (std::size_t index = 0; index < message.works.size(); ++index) {
        if (Work* work = release(message, index)) {
            listener_.on_reply(*work, {Reply::Kind::kError, std::as_const(encoded).span(), 0, {}});
        }
    }
    remove(message);
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
    for (Message& message : messages_) {
        for (std::size_t index = 0; index < message.works.size(); ++index) {
            const auto sequence = message.first + static_cast<process::Sequence>(index);
            Work* const work =
                process::sequence_after(sequence, started) ? release(message, index) : nullptr;
            if (work != nullptr) {
                taken.push_back(work);
            }
        }
    }
    return taken;
}

void WorkerLink::close() noexcept {
    stream_.shutdown();
}

bool WorkerLink::has(const Work& work) const noexcept {
    return sequence_of(work).has_value();
}

std::optional<process::Sequence> WorkerLink::sequence_of(const Work& work) const noexcept {
    for (const Message& message : messages_) {
        const auto found = std::ranges::find(message.works, &work);
        if (found != message.works.end()) {
            return message.first + static_cast<process::Sequence>(found - message.works.begin());
        }
    }
    return std::nullopt;
}

std::vector<Work*> WorkerLink::outstanding() const {
    std::vector<Work*> works;
    for (const Message& message : messages_) {
        std::ranges::copy_if(message.works, std::back_inserter(works), [](const Work* work) {
            return work != nullptr;
        });
    }
    return works;
}

Work* WorkerLink::end_reading() const noexcept {
    const process::Sequence started = page_.started();
    area_.set_reading(false);
    for (const Message& message : messages_) {
        const auto index = static_cast<std::size_t>(started - message.first);
        const bool is_here =
            !process::sequence_after(message.first, started) && index < message.works.size();
        if (is_here && message.works[index] != nullptr) {
            return message.works[index];
        }
    }
    return running();
}

Work* WorkerLink::running() const noexcept {
    for (const Message& message : messages_) {
        for (Work* work : message.works) {
            if (work != nullptr) {
                return work;
            }
        }
    }
    return nullptr;
}

bool WorkerLink::request_cancel(const Work& work) noexcept {
    // Not every call before the last one started was begun: of a message that ended early, none is
    // that comes behind its end.
    const auto sequence = sequence_of(work);
    return sequence && *sequence == page_.started() && page_.request_cancel(*sequence);
}

WorkerLink::Remains WorkerLink::remains() {
    Remains remains;
    remains.not_begun = revoke();
    remains.phase = area_.phase();
    remains.note = std::as_const(page_).crash_note().text();
    for (Message& message : messages_) {
        for (std::size_t index = 0; index < message.works.size(); ++index) {
            if (Work* work = release(message, index)) {
                remains.lost.push_back(
                    {work, area_.progress(message.first), area_.results(message.half)});
            }
        }
    }
    return remains;
}

}  // namespace aiomisc::detail
